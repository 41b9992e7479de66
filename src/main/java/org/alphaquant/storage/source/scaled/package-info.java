/**
 * Matrices of fp8 or int8 numbers and factors for blocks, groups, rows or the whole: DeepSeek-V3's
 * fp8, compressed-tensors' float-quantized and int-quantized, FBGEMM's fp8.
 */
package org.alphaquant.storage.source.scaled;
