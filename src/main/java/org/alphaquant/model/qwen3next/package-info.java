/** Qwen3-Next. */
package org.alphaquant.model.qwen3next;
