package org.alphaquant.model.glm4;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotaryDesign;

/**
 * GLM-4-0414: norms before and behind every block, neighbouring pairs rotated, gate and up in one
 * linear.
 */
public final class Glm4Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1.5625e-7, 131_072, 2, 128, 10_000, 0.5);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "glm4",
        List.of("Glm4ForCausalLM"),
        "grouped-query; partial rotary on neighbouring pairs; biases on q, k, v with attention_bias",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(new Biases(config.flag("attention_bias", true), false));
    Optional<RotaryDesign> rotary = Optional.of(decoder.rotation(true));
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, projections)
                .rotated(rotary)
                .in(
                    decoder
                        .decoder()
                        .between(layer, "input_layernorm", "post_self_attn_layernorm")),
        layer -> dense(decoder.decoder(), config, layer));
  }

  private static DenseDesign dense(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    MlpDesign mlp =
        MlpDesign.joint(
            module + ".gate_up_proj",
            module + ".down_proj",
            decoder.hidden(),
            config.positive("intermediate_size"),
            decoder.style().activation());
    return new DenseDesign(
        decoder.between(layer, "post_attention_layernorm", "post_mlp_layernorm"), mlp);
  }
}
