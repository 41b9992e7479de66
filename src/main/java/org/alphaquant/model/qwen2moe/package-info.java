/** Qwen1.5-MoE and Qwen2-57B-A14B: routed experts and one gated shared expert. */
package org.alphaquant.model.qwen2moe;
