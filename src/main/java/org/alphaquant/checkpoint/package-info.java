/**
 * Model folders on disk: safetensors files, sharded or single, read memory-mapped and written
 * atomically. Knows bytes, names, element types and shapes; knows nothing of models or arithmetic.
 */
package org.alphaquant.checkpoint;
