/** Kimi Linear (arXiv 2510.26692). */
package org.alphaquant.model.kimilinear;
