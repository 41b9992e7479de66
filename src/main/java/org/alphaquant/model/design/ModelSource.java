package org.alphaquant.model.design;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A checkpoint with the part of its config.json that a family reads.
 *
 * @param config the part of config.json that describes the language model
 * @param prefix prefix of {@code layers.0.} in tensor names, usually {@code model.}
 * @param embedding module name of the token embedding
 */
public record ModelSource(
    Checkpoint checkpoint, ModelConfig config, String prefix, String embedding) {

  private static final String TIED = "tie_word_embeddings";
  private static final String WEIGHT = ".weight";

  // The first is the usual one; Nemotron-H has the last two.
  private static final List<String> EMBEDDINGS =
      List.of(
          "model.embed_tokens",
          "embed_tokens",
          "language_model.model.embed_tokens",
          "model.language_model.embed_tokens",
          "backbone.embeddings",
          "model.embeddings");

  /** Descends into the text part of a multimodal model's config. */
  public static ModelSource of(Checkpoint checkpoint) {
    ModelConfig whole = new ModelConfig(checkpoint.config());
    ModelConfig config = whole.objectOrNull("text_config").orElse(whole);
    String embedding =
        EMBEDDINGS.stream()
            .filter(candidate -> checkpoint.has(candidate + WEIGHT))
            .findFirst()
            .orElseThrow(
                () ->
                    ModelException.tensor(
                        EMBEDDINGS.get(0) + WEIGHT,
                        "is missing; no other name of a token embedding is there either"));
    String prefix = embedding.substring(0, embedding.lastIndexOf('.') + 1);
    return new ModelSource(checkpoint, config, prefix, embedding);
  }

  /** The same with settings of the rotary embedding where config.json has none at all. */
  public ModelSource rotating(Map<String, Object> whenMissing) {
    if (!config.missingOrNull("rope_parameters") || !config.missingOrNull("rope_scaling")) {
      return this;
    }
    ObjectNode root = (ObjectNode) config.root().deepCopy();
    root.set("rope_parameters", JsonMapper.shared().valueToTree(whenMissing));
    config.missingMeans("rope_parameters", whenMissing);
    ModelConfig filled = new ModelConfig(root, config.path(), config.asked(), config.meant());
    return new ModelSource(checkpoint, filled, prefix, embedding);
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
        ? checkpoint.info(embedding + WEIGHT).shape().get(0)
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
