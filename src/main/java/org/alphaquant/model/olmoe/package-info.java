/**
 * OLMoE (Muennighoff et al. 2024, arXiv 2409.02060): norms over whole query and key projections,
 * optional clipping of projections, and a router whose weights are mostly not renormalised.
 */
package org.alphaquant.model.olmoe;
