/**
 * Model folders on disk: safetensors files, sharded or single, read memory-mapped and written
 * atomically. Deals with bytes, names, element types and shapes, not with models or arithmetic.
 */
package org.alphaquant.checkpoint;
