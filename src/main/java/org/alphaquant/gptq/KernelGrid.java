package org.alphaquant.gptq;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.alphaquant.format.WeightGrid;

/**
 * A grid as the kernels know it: part of it is compiled in, so that no thread asks twice, and the
 * rest is their last argument.
 *
 * @param structure the source's Grid
 */
record KernelGrid(WeightGrid weights, ByteBuffer structure) {

  static final int E8M0 = 1;
  static final int WITH_MINIMA = 5;
  private static final int E4M3_BELOW_OUTER = 2;
  private static final int TWO_LEVELS = 3;

  static KernelGrid of(WeightGrid weights) {
    return new KernelGrid(weights, numbers(weights));
  }

  /** Macros that the source is compiled with. */
  List<String> definitions() {
    return List.of(
        "FLOATING=" + (weights.floating() ? 1 : 0),
        "SYMMETRIC=" + (weights.symmetric() ? 1 : 0),
        "SCALE_KIND=" + (weights.outerPower() ? E4M3_BELOW_OUTER : weights.scaleKind()));
  }

  /** Whether scales of this grid are searched here: those of two levels are not. */
  boolean searches() {
    return weights.scaleKind() != TWO_LEVELS;
  }

  /** Whether scales of this grid are refitted here, as gptq.refit_scales does. */
  boolean refits() {
    return weights.scaleKind() != E8M0
        && weights.scaleKind() != TWO_LEVELS
        && weights.scaleKind() != WITH_MINIMA;
  }

  private static ByteBuffer numbers(WeightGrid grid) {
    int top = Math.getExponent((float) grid.greatest());
    int exponents = top - grid.leastExponent() + 2;
    int exponentBits = grid.floating() ? 32 - Integer.numberOfLeadingZeros(exponents - 1) : 0;
    return ByteBuffer.allocate(7 * Integer.BYTES)
        .order(ByteOrder.nativeOrder())
        .putFloat((float) grid.least())
        .putFloat((float) grid.greatest())
        .putInt(grid.mantissaBits())
        .putInt(grid.leastExponent())
        .putInt(exponentBits)
        .putInt(Math.toIntExact(grid.groupSize()))
        .putInt(grid.scaleDtype().number())
        .flip();
  }
}
