package org.alphaquant.model.gemma2;

import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.ResidualDesign;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Style;

/**
 * Common parts of the Gemma models: norms times 1 + w around every block, GELU, scaled embeddings.
 */
public final class GemmaStyle {

  private GemmaStyle() {}

  /**
   * Reads the usual keys.
   *
   * @param logitCap default of {@code final_logit_softcapping}, 0 for none
   */
  public static GroupedQueryDecoder read(ModelSource source, Defaults defaults, double logitCap) {
    ModelConfig config = source.config();
    String key = config.spelling("hidden_activation", "hidden_act");
    config.oneOf(key, "gelu_pytorch_tanh", Set.of("gelu_pytorch_tanh"));
    config.refuse("use_bidirectional_attention", true);
    Multipliers embedding = new Multipliers(Math.sqrt(config.positive("hidden_size")), 1, 1);
    Style style =
        new Style(
            NormKind.RMS_PLUS_ONE,
            Activation.GEGLU_TANH,
            false,
            embedding,
            cap(config, "final_logit_softcapping", logitCap),
            true);
    DecoderConfig decoder =
        DecoderConfig.read(source, defaults.epsilon(), defaults.positions(), style);
    // Published wrappers omit keys whose value is the configuration class's default.
    HeadShape heads =
        new HeadShape(
            config.positive("num_attention_heads", 8),
            config.positive("num_key_value_heads", defaults.keyHeads()),
            config.positive("head_dim", defaults.headDimension()));
    RotaryConfig rotary =
        RotaryConfig.ofKind(config, false, "", defaults.theta(), decoder.positions());
    return new GroupedQueryDecoder(config, decoder, heads, rotary);
  }

  /** Scores are divided by the root of {@code query_pre_attn_scalar}. */
  public static double scale(ModelConfig config, double whenMissing) {
    return 1 / Math.sqrt(config.aboveZero("query_pre_attn_scalar", whenMissing));
  }

  /** A soft cap; null means none, which is 0. */
  public static double cap(ModelConfig config, String key, double whenMissing) {
    if (config.missing(key)) {
      return config.missingMeans(key, whenMissing);
    }
    return config.missingOrNull(key) ? 0 : config.aboveZero(key, 1);
  }

  /** The norms around attention. */
  public static ResidualDesign aroundAttention(DecoderConfig decoder, int layer) {
    return decoder.between(layer, "input_layernorm", "post_attention_layernorm");
  }

  /** The dense block between its norms. */
  public static DenseDesign dense(GroupedQueryDecoder model, int layer) {
    DecoderConfig decoder = model.decoder();
    return new DenseDesign(
        decoder.between(layer, "pre_feedforward_layernorm", "post_feedforward_layernorm"),
        decoder.mlp(layer, model.config().positive("intermediate_size"), false));
  }
}
