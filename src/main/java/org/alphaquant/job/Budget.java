package org.alphaquant.job;

import static org.alphaquant.job.Limits.above;
import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.within;

import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How large the quantized linears may be together, scales and zero points counted in, and how the
 * bits are given to them. Exactly one of the first two is given.
 *
 * @param bitsPerWeight bits for each weight on average; above 1, at most 16
 * @param bytes all of them
 * @param formats number formats to choose from, by their names in a configuration; null for those
 *     around the budget that the result's format and its target runtime can serve
 * @param sensitivity how it is found out what each format costs where
 * @param tokens of held-out calibration text that divergence is measured on, at most
 */
@JsonNaming(SnakeCaseStrategy.class)
public record Budget(
    Double bitsPerWeight,
    Long bytes,
    List<String> formats,
    Sensitivity sensitivity,
    Integer tokens) {
  public Budget {
    if ((bitsPerWeight == null) == (bytes == null)) {
      throw new SpecException(
          "bits_per_weight",
          bitsPerWeight == null ? null : "given beside bytes",
          "given, or bytes must be, and not both");
    }
    if (bitsPerWeight != null) {
      above("bits_per_weight", bitsPerWeight, 1, 16);
    } else {
      within("bytes", bytes, 1, 1L << 50);
    }
    if (formats != null) {
      size("formats", formats, 2, 16);
      formats.forEach(format -> text("formats", format, 32));
      formats = formats.stream().distinct().toList();
    }
    sensitivity = orElse(sensitivity, Sensitivity.MEASURED);
    tokens = (int) within("tokens", orElse(tokens, 16_384), 64, 1 << 20);
  }

  /** All bytes for so many weights. */
  public long bytesFor(long weights) {
    return bytes != null ? bytes : (long) Math.floor(bitsPerWeight * weights / Byte.SIZE);
  }

  /** The field that holds the size. */
  public String field() {
    return bytes != null ? "bytes" : "bits_per_weight";
  }

  /** So many bits for each weight. */
  public static Budget ofBits(double bitsPerWeight) {
    return new Budget(bitsPerWeight, null, null, null, null);
  }
}
