/** Qwen3-VL, text. */
package org.alphaquant.model.qwen3vl;
