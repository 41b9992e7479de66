package org.alphaquant.model.design;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;

/**
 * A checkpoint with the part of its config.json that a family reads.
 *
 * @param config the part of config.json that describes the language model
 * @param prefix prefix of {@code layers.0.} in tensor names, usually {@code model.}
 */
public record ModelSource(Checkpoint checkpoint, ModelConfig config, String prefix) {

  private static final String TIED = "tie_word_embeddings";
  private static final String EMBEDDING = "embed_tokens.weight";
  private static final List<String> PREFIXES =
      List.of("model.", "", "language_model.model.", "model.language_model.");

  /** Descends into the text part of a multimodal model's config. */
  public static ModelSource of(Checkpoint checkpoint) {
    ModelConfig whole = new ModelConfig(checkpoint.config());
    ModelConfig config = whole.objectOrNull("text_config").orElse(whole);
    String prefix =
        PREFIXES.stream()
            .filter(candidate -> checkpoint.has(candidate + EMBEDDING))
            .findFirst()
            .orElseThrow(
                () ->
                    ModelException.tensor(
                        "model." + EMBEDDING,
                        "is missing; no other name of a token embedding is there either"));
    return new ModelSource(checkpoint, config, prefix);
  }

  public boolean has(String tensor) {
    return checkpoint.has(tensor);
  }

  /**
   * The layout in which this checkpoint fuses a layer's experts, of those that a family is
   * published in; empty where they are stored one by one.
   */
  public Optional<FusedExperts> fused(String module, FusedExperts.Arrangement arrangement) {
    FusedExperts stack =
        new FusedExperts(module + ".gate_up_proj", module + ".down_proj", arrangement);
    return has(stack.gateUp()) ? Optional.of(stack) : Optional.empty();
  }

  /** {@code vocab_size}; where that is missing, as in published wrappers, the embedding's rows. */
  public long vocabulary() {
    return config.missing("vocab_size")
        ? checkpoint.info(prefix + EMBEDDING).shape().get(0)
        : config.positive("vocab_size");
  }

  /** Whether the head shares the embedding, by the language model's key or the whole model's. */
  public boolean tied(boolean whenMissing) {
    ModelConfig whole = new ModelConfig(checkpoint.config());
    boolean missing = config.missing(TIED) && whole.missing(TIED);
    return missing ? whenMissing : config.flag(TIED, false) || whole.flag(TIED, false);
  }

  /** Name of the output projection's module. */
  public String head() {
    String outer = prefix.startsWith("language_model.") ? "language_model.lm_head" : "lm_head";
    return has(outer + ".weight") ? outer : "lm_head";
  }
}
