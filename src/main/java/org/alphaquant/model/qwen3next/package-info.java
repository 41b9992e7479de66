/** The Qwen3Next family. */
package org.alphaquant.model.qwen3next;
