/** Llama 1 to 3.3 (Touvron et al. 2023, arXiv 2302.13971) and whatever shares its layout. */
package org.alphaquant.model.llama;
