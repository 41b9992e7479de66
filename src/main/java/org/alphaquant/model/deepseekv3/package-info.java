/** DeepSeek-V3 and R1 (arXiv 2412.19437): sigmoid routing with a balancing bias. */
package org.alphaquant.model.deepseekv3;
