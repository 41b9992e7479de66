/**
 * Phi-3.5-MoE (Abdin et al. 2024, arXiv 2404.14219): LayerNorm, LongRoPE and SparseMixer routing.
 */
package org.alphaquant.model.phimoe;
