/** Mixtral 8x7B and 8x22B (Jiang et al. 2024, arXiv 2401.04088). */
package org.alphaquant.model.mixtral;
