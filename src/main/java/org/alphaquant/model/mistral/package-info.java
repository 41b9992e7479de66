/** Mistral 7B (Jiang et al. 2023, arXiv 2310.06825): Llama with a sliding window. */
package org.alphaquant.model.mistral;
