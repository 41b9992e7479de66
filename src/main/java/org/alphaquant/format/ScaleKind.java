package org.alphaquant.format;

/** What a group of weights is multiplied by when it is read back. */
public enum ScaleKind {
  /** Nothing: the weights are stored as they are. */
  NONE(0),
  /** A number of the model's own dtype, 16 bits. */
  MODEL_DTYPE(16),
  /** A power of two, 8 bits, bias 127 (OCP Microscaling Formats v1.0, section 5.4.1). */
  E8M0(8),
  /** An E4M3 number per block, over one 32-bit number for the whole tensor. */
  E4M3_WITH_GLOBAL(8),
  /** A whole number of few bits, below one half-precision number for each 256 weights. */
  TWO_LEVELS(6);

  private final int bits;

  ScaleKind(int bits) {
    this.bits = bits;
  }

  /** Bits of one group's scale. */
  public int bits() {
    return bits;
  }
}
