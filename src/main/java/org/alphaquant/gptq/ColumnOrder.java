package org.alphaquant.gptq;

/** The order that columns are quantized in. */
public enum ColumnOrder {
  /** As they stand. */
  NATURAL,
  /** Those with the largest diagonal of the Hessian first. */
  ACTIVATION,
  /** As they stand where scales are refitted, the largest diagonal first elsewhere. */
  AUTO
}
