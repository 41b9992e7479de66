/**
 * What checkpoints of each output format hold besides the numbers: names, element types and shapes
 * of their tensors, and the {@code quantization_config} that tells an engine how to read them.
 */
package org.alphaquant.storage;
