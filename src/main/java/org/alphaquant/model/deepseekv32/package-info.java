/** DeepSeek-V3.2. */
package org.alphaquant.model.deepseekv32;
