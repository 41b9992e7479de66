package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The form and place of the result.
 *
 * @param format checkpoint format; {@code auto} selects the most widely supported one for all
 *     schemes
 * @param targetRuntime the runtime that will load the result; null for any
 * @param unquantized what matrices are stored in that are not quantized: {@code f32}, {@code f16}
 *     or {@code bf16}, with {@code gguf} alone; null for the source's own type
 * @param maxShardBytes maximum bytes of one safetensors file
 * @param imatrix whether to write {@code imatrix.gguf} too, the importance matrix from calibration
 *     for llama.cpp's own quantizer
 * @param location {@code s3://store/path} to upload the result to; null to keep it in the service
 */
@JsonNaming(SnakeCaseStrategy.class)
public record OutputRequest(
    String format,
    String targetRuntime,
    String unquantized,
    Long maxShardBytes,
    Boolean imatrix,
    String location) {
  private static final long MEBIBYTE = 1L << 20;

  public OutputRequest {
    format = text("format", orElse(format, "auto"), 64);
    textOrNull("target_runtime", targetRuntime, 64);
    textOrNull("unquantized", unquantized, 16);
    maxShardBytes =
        within("max_shard_bytes", orElse(maxShardBytes, 5120 * MEBIBYTE), MEBIBYTE, 1L << 40);
    imatrix = orElse(imatrix, false);
    textOrNull("location", location, 512);
    if (location != null && !location.startsWith("s3://")) {
      throw new SpecException("location", location, "s3://store/path");
    }
  }

  /** The same for a job that repacks, which writes GGUF alone. */
  OutputRequest forRepacking() {
    if (!format.equals("auto") && !format.equals("gguf") || imatrix) {
      throw new SpecException(
          imatrix ? "output/imatrix" : "output/format",
          imatrix ? "true" : format,
          (imatrix ? "left out" : "gguf, or left out,") + " for the kind repack");
    }
    return new OutputRequest("gguf", targetRuntime, unquantized, maxShardBytes, imatrix, location);
  }
}
