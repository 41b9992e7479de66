/** The Qwen3Vl family. */
package org.alphaquant.model.qwen3vl;
