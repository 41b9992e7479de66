/** The Gemma3 family. */
package org.alphaquant.model.gemma3;
