package org.alphaquant.gptq;

/** The order that columns are quantized in. */
public enum ColumnOrder {
  /** The natural order. */
  NATURAL,
  /** Those with the largest diagonal of the Hessian first. */
  ACTIVATION,
  /** The natural order where scales are refitted, else the largest diagonal first. */
  AUTO
}
