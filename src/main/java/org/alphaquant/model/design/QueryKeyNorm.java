package org.alphaquant.model.design;

import java.util.List;

/**
 * The norm of queries and keys.
 *
 * @param names module names of the queries' norm and the keys', below the attention block's
 * @param style how it scales
 * @param rotated whether it follows the rotation
 */
public record QueryKeyNorm(Extent extent, List<String> names, NormKind style, boolean rotated) {

  /** The dimensions over which it normalises. */
  public enum Extent {
    NONE,
    /** Every head's vector on its own, one weight [D] for all heads. */
    PER_HEAD,
    /** The whole projection before it is split into heads. */
    WHOLE
  }

  private static final List<String> NAMES = List.of("q_norm", "k_norm");

  public static final QueryKeyNorm NONE = new QueryKeyNorm(Extent.NONE, NAMES, NormKind.RMS, false);
  public static final QueryKeyNorm PER_HEAD =
      new QueryKeyNorm(Extent.PER_HEAD, NAMES, NormKind.RMS, false);
  public static final QueryKeyNorm WHOLE =
      new QueryKeyNorm(Extent.WHOLE, NAMES, NormKind.RMS, false);

  /** The same under other names. */
  public QueryKeyNorm named(String query, String key) {
    return new QueryKeyNorm(extent, List.of(query, key), style, rotated);
  }

  /** The same in another style. */
  public QueryKeyNorm styled(NormKind other) {
    return new QueryKeyNorm(extent, names, other, rotated);
  }

  /** The same after the rotation. */
  public QueryKeyNorm afterRotation() {
    return new QueryKeyNorm(extent, names, style, true);
  }
}
