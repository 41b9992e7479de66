/** The Gemma 4 family. */
package org.alphaquant.model.gemma4;
