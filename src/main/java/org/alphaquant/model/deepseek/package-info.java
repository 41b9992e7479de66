/** DeepSeekMoE 16B (Dai et al. 2024, arXiv 2401.06066), the first generation. */
package org.alphaquant.model.deepseek;
