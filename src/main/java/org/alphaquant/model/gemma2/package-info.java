/** The Gemma2 family. */
package org.alphaquant.model.gemma2;
