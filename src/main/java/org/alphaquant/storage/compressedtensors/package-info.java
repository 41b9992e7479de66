/**
 * The formats of compressed-tensors (0.18, {@code compressors/}): read by vLLM, SGLang and
 * transformers. Suffixes and shapes are for {@code N} rows, {@code K} columns, {@code G} groups a
 * row.
 */
package org.alphaquant.storage.compressedtensors;
