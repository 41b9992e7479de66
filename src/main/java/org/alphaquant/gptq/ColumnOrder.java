package org.alphaquant.gptq;

/** The order that columns are quantized in. */
public enum ColumnOrder {
  /** The natural order. */
  NATURAL,
  /** Those with the largest diagonal of the Hessian first. */
  ACTIVATION,
  /**
   * The largest diagonal first; where scales are refitted and tokens are held out, only for those
   * matrices whose error on them it lowers noticeably.
   */
  AUTO
}
