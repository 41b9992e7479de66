package org.alphaquant.model.design;

/**
 * Rotary embeddings of the first {@code width} dimensions of every head.
 *
 * @param interleaved whether pairs are neighbours (2i, 2i+1) rather than halves (i, i + width/2)
 */
public record RotaryDesign(long width, boolean interleaved, Frequencies frequencies) {}
