package org.alphaquant.distill;

/**
 * One step's settings of Adam: {@code Adam} of {@code torchscript/distill.py}, field by field.
 *
 * @param rate learning rate
 * @param step counted from 1
 */
record Adam(double rate, int step) {

  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.98;
  private static final double EPSILON = 1e-8;

  double[] numbers() {
    return new double[] {rate, BETA_1, BETA_2, EPSILON, step};
  }
}
