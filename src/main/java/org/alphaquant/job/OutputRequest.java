package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * What is written.
 *
 * @param format checkpoint format; {@code auto} takes the most readable one that holds every scheme
 * @param targetRuntime the program that is to load it; null for none in particular
 * @param maxShardBytes most bytes of one safetensors file
 * @param imatrix whether {@code imatrix.gguf} is written beside, what calibration says of every
 *     quantized weight's inputs, for llama.cpp's own quantizer
 * @param location {@code s3://store/path} where the result is put; null for where the service keeps
 *     results
 */
@JsonNaming(SnakeCaseStrategy.class)
public record OutputRequest(
    String format, String targetRuntime, Long maxShardBytes, Boolean imatrix, String location) {
  private static final long MEBIBYTE = 1L << 20;

  public OutputRequest {
    format = text("format", orElse(format, "auto"), 64);
    textOrNull("target_runtime", targetRuntime, 64);
    maxShardBytes =
        within("max_shard_bytes", orElse(maxShardBytes, 5120 * MEBIBYTE), MEBIBYTE, 1L << 40);
    imatrix = orElse(imatrix, false);
    textOrNull("location", location, 512);
    if (location != null && !location.startsWith("s3://")) {
      throw new SpecException("location", location, "s3://store/path");
    }
  }
}
