/** Kimi K2 (arXiv 2507.20534). */
package org.alphaquant.model.kimik2;
