/** Gemma 4, text. */
package org.alphaquant.model.gemma4;
