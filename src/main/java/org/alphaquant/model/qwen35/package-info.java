/** Qwen3.5, dense. */
package org.alphaquant.model.qwen35;
