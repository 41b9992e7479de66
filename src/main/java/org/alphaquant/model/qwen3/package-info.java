/** Qwen3 (Yang et al. 2025, arXiv 2505.09388): every head of queries and keys is normalised. */
package org.alphaquant.model.qwen3;
