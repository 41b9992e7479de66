/** Qwen3-VL-MoE, text. */
package org.alphaquant.model.qwen3vlmoe;
