/** DeepSeek-V2 and V2-Lite (arXiv 2405.04434): latent attention, group-limited routing. */
package org.alphaquant.model.deepseekv2;
