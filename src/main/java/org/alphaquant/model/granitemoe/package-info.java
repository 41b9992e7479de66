/**
 * Granite 3 MoE (IBM 2024): constant factors on embeddings, residuals, scores and logits; fused
 * experts.
 */
package org.alphaquant.model.granitemoe;
