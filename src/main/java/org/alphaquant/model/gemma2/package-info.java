/** Gemma 2 (arXiv 2408.00118). */
package org.alphaquant.model.gemma2;
