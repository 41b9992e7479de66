/** Qwen3-30B-A3B and 235B-A22B (Yang et al. 2025, arXiv 2505.09388). */
package org.alphaquant.model.qwen3moe;
