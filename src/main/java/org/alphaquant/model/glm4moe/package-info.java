/** GLM-4.5 and 4.5-Air (arXiv 2508.06471): half of each head is rotated; DeepSeek-V3 routing. */
package org.alphaquant.model.glm4moe;
