package org.alphaquant.model.granitemoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/**
 * Granite-MoE: the softmax is over the chosen logits, which is the renormalised softmax over all.
 */
public final class GraniteMoeFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "granitemoe",
        List.of("GraniteMoeForCausalLM"),
        "grouped-query; scores times attention_multiplier, outputs times residual_multiplier",
        "top-k of the logits, then softmax over those",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    Multipliers multipliers =
        new Multipliers(
            config.number("embedding_multiplier", 1),
            config.number("residual_multiplier", 1),
            1 / config.number("logits_scaling", 1));
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 2048).withMultipliers(multipliers);
    HeadShape heads = HeadShape.read(config, 0, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("attention_bias", false);
    double scale = config.number("attention_multiplier", 1);
    return decoder.blueprint(
        layer -> decoder.attention(layer, heads, rotary).withBiases(bias, bias).withScale(scale),
        layer -> experts(decoder, config, layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "block_sparse_moe";
    int count = config.count("num_local_experts", 8);
    LinearDesign gate = new LinearDesign(module + ".router.layer", count, decoder.hidden());
    ExpertsDesign experts =
        new ExpertsDesign(
            module + ".experts",
            ExpertsDesign.PROJECTIONS,
            count,
            decoder.hidden(),
            config.positive("intermediate_size"),
            module + ".input_linear.weight",
            module + ".output_linear.weight");
    int topK = config.count("num_experts_per_tok", 2);
    return decoder.sparse(layer, SoftmaxRouterDesign.plain(gate, topK, true), experts, null);
  }
}
