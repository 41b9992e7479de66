/** Gemma 3 (arXiv 2503.19786), text. */
package org.alphaquant.model.gemma3;
