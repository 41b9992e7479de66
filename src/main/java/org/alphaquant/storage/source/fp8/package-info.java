/** FP8 in blocks that share a scale, as DeepSeek-V3 publishes it. */
package org.alphaquant.storage.source.fp8;
