package org.alphaquant.job;

import static org.alphaquant.job.Limits.above;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How large the quantized linears may be together, scales and zero points counted in. Exactly one
 * of the two is given.
 *
 * @param bitsPerWeight bits for each weight on average; above 1, at most 16
 * @param bytes all of them
 */
@JsonNaming(SnakeCaseStrategy.class)
public record Budget(Double bitsPerWeight, Long bytes) {
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
      Limits.within("bytes", bytes, 1, 1L << 50);
    }
  }
}
