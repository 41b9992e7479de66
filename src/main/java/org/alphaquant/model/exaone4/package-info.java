/** EXAONE 4.0 (arXiv 2507.11407). */
package org.alphaquant.model.exaone4;
