/** The Qwen35Moe family. */
package org.alphaquant.model.qwen35moe;
