package org.alphaquant.model.gemma4;

import java.util.Optional;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Projections.Values;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/**
 * Gemma 4's attention: five sliding layers for each full one, which has larger heads, fewer of them
 * for keys, and may take its keys for values. Scores are not scaled: queries and keys are
 * normalised.
 */
record Gemma4Attention(ModelConfig config, DecoderConfig decoder) {

  private static final String HEAD = "head_dim";
  private static final String KEYS = "num_key_value_heads";

  GroupedQueryDesign layer(int layer) {
    boolean slides = layer < decoder.layers() - 1 && SlidingWindow.allButEvery(6, config, layer);
    HeadShape heads = heads(layer, slides);
    Values values =
        !slides && config.flag("attention_k_eq_v", false)
            ? Values.NORMALISED_KEYS
            : Values.NORMALISED;
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD)
            .withValues(values);
    long window = slides ? SlidingWindow.everywhere(config, 512) : 0;
    GroupedQueryDecoder own = new GroupedQueryDecoder(config, decoder, heads, rotary(slides));
    return own.attention(layer, projections, Scores.of(heads).scaled(1).within(window))
        .in(decoder.between(layer, "input_layernorm", "post_attention_layernorm"));
  }

  private RotaryConfig rotary(boolean slides) {
    long positions = decoder.positions();
    if (slides) {
      return turned(RotaryConfig.ofKind(config, true, "", 10_000, positions));
    }
    RotaryConfig full = RotaryConfig.ofKind(config, false, "", 1_000_000, positions, 0.25);
    return config.missingOrNull("rope_parameters") ? full.typed("proportional") : turned(full);
  }

  // transformers leaves a part of each head as it is for the type "proportional" alone.
  private static RotaryConfig turned(RotaryConfig rotary) {
    return rotary.type().equals("default") ? rotary.whole() : rotary;
  }

  // transformers 5 writes what a layer has for its own, published files what all full layers have.
  private HeadShape heads(int layer, boolean slides) {
    long heads = config.positive("num_attention_heads", 8);
    long keys = config.positive(KEYS, 4);
    long dimension = config.positive(HEAD, 256);
    Optional<ModelConfig> own = config.objectOrNull("per_layer_config");
    if (own.isPresent()) {
      ModelConfig layerConfig =
          own.get().objectOrNull(Integer.toString(layer)).orElse(ModelConfig.EMPTY);
      return new HeadShape(
          heads, layerConfig.positive(KEYS, keys), layerConfig.positive(HEAD, dimension));
    }
    if (slides) {
      return new HeadShape(heads, keys, dimension);
    }
    boolean fewer =
        config.flag("attention_k_eq_v", false)
            && !config.missingOrNull("num_global_key_value_heads");
    return new HeadShape(
        heads,
        fewer ? config.positive("num_global_key_value_heads") : keys,
        config.positive("global_head_dim", 512));
  }
}
