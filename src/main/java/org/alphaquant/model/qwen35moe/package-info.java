/** Qwen3.5-MoE. */
package org.alphaquant.model.qwen35moe;
