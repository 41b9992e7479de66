package org.alphaquant.allocate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.format.NumberFormat;

/** The formats that a budget is shared out among where a job names none. */
public final class Candidates {

  private static final Map<NumberFormat.Kind, List<String>> OF_KIND =
      Map.of(
          NumberFormat.Kind.INT, List.of("int2", "int3", "int4", "int5", "int6", "int8"),
          NumberFormat.Kind.FP, List.of("fp4", "fp6", "fp8"),
          NumberFormat.Kind.MX, List.of("mxfp4", "mxfp6", "mxfp8"),
          NumberFormat.Kind.NV, List.of("nvfp4", "mxfp8", "fp8"),
          NumberFormat.Kind.K, List.of("q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "int8"));

  /** Bits for each weight that a format may be away from the budget. */
  private static final double NEAR = 2.1;

  private Candidates() {}

  /** All that go with a format of the configuration, by rising bits. */
  public static List<String> like(NumberFormat format) {
    return OF_KIND.getOrDefault(format.kind(), List.of());
  }

  /**
   * The formats worth a trial quantization: those near the budget, or else the next one on either
   * side.
   *
   * @param bits stored bits for each weight of every format
   * @return positions
   */
  public static List<Integer> around(double budget, double[] bits) {
    List<Integer> near = new ArrayList<>();
    int below = -1;
    int above = -1;
    for (int i = 0; i < bits.length; i++) {
      if (bits[i] <= budget && (below < 0 || bits[i] > bits[below])) {
        below = i;
      }
      if (bits[i] >= budget && (above < 0 || bits[i] < bits[above])) {
        above = i;
      }
    }
    for (int i = 0; i < bits.length; i++) {
      if (Math.abs(bits[i] - budget) <= NEAR || i == below || i == above) {
        near.add(i);
      }
    }
    return near;
  }
}
