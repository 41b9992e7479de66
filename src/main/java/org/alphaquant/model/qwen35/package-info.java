/** The Qwen35 family. */
package org.alphaquant.model.qwen35;
