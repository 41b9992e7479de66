/** GPTQ's checkpoints, version 1: integers, read by vLLM, SGLang and GPTQModel. */
package org.alphaquant.storage.gptq;
