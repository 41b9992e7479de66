package org.alphaquant.storage.source;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;

/**
 * Reads {@code quantization_config} of a source, at the top of config.json or within {@code
 * text_config}.
 */
public final class SourceQuantization {

  private static final String KEY = "quantization_config";

  /** The description of the cache of keys and values for serving. */
  private static final Pattern CACHE =
      Pattern.compile(".*\\.([kvq]_(scale|zero_point)|kv_scale|[kv]_proj\\.output_scale)");

  private SourceQuantization() {}

  /** Whether a stored tensor is a scale of the cache, of no use to a forward pass without one. */
  public static boolean isCacheScale(String stored) {
    return CACHE.matcher(stored).matches();
  }

  /** The object {@code quantization_config}; empty for a source that is not quantized. */
  public static Optional<ModelConfig> find(Checkpoint checkpoint) {
    ModelConfig whole = new ModelConfig(checkpoint.config());
    return Stream.of(Optional.of(whole), whole.objectOrNull("text_config"))
        .flatMap(Optional::stream)
        .flatMap(config -> config.objectOrNull(KEY).stream())
        .findFirst();
  }

  /** The tool that {@code quant_method} names; empty text for a source that is not quantized. */
  public static String method(Checkpoint checkpoint) {
    return find(checkpoint).map(it -> it.root().path("quant_method").asString("")).orElse("");
  }

  /**
   * Refuses a source whose activations are rotated while it runs, as compressed-tensors' {@code
   * transform_config} says: without the rotations its weights are another model's.
   *
   * @throws ModelException for such a source
   */
  public static void refuseTransforms(Checkpoint checkpoint) {
    find(checkpoint)
        .map(config -> config.root().path("transform_config").path("config_groups"))
        .filter(groups -> !groups.isEmpty())
        .ifPresent(
            groups -> {
              throw ModelException.config(
                  KEY + ".transform_config",
                  "rotates activations while the model runs, which is not read; take the model"
                      + " that it was made of");
            });
  }

  /**
   * The same where it is required.
   *
   * @param reason why it is required, such as "there are fp8 weights"
   */
  public static ModelConfig require(Checkpoint checkpoint, String reason) {
    return find(checkpoint)
        .orElseThrow(() -> ModelException.config(KEY, "is missing but " + reason));
  }
}
