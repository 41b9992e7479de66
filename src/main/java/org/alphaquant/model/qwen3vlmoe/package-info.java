/** The Qwen3VlMoe family. */
package org.alphaquant.model.qwen3vlmoe;
