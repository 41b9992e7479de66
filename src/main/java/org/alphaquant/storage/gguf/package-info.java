/**
 * GGUF, the one-file format of llama.cpp, Ollama and LM Studio: the file itself, its blocks of
 * quantized weights, and llama.cpp's metadata of each family.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF</a>
 */
package org.alphaquant.storage.gguf;
