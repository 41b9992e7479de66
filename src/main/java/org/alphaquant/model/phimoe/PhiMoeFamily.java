package org.alphaquant.model.phimoe;

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
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.SparseMixerDesign;

/** Phi-MoE: Mixtral names with LayerNorm biases; two experts whose weights do not sum to one. */
public final class PhiMoeFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "phimoe",
        List.of("PhiMoEForCausalLM", "PhimoeForCausalLM"),
        "grouped-query behind LayerNorm; biases with attention_bias, LongRoPE",
        "SparseMixer: two experts, each weighted among those within router_jitter_noise of it",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder =
        DecoderConfig.read(source, 1e-5, 131_072)
            .withLayerNorm()
            .withHeadBias(config.flag("lm_head_bias", false));
    HeadShape heads = HeadShape.read(config, 8, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 1_000_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("attention_bias", false);
    long window = SlidingWindow.everywhere(config, 0);
    return decoder.blueprint(
        layer -> decoder.attention(layer, heads, rotary).withBiases(bias, bias).withWindow(window),
        layer -> experts(decoder, config, layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    if (config.count("num_experts_per_tok", 2) != 2) {
      throw config.wrong("num_experts_per_tok", "must be 2: SparseMixer chooses two experts");
    }
    String module = decoder.layer(layer) + "block_sparse_moe";
    int count = config.count("num_local_experts", 16);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    double jitter = config.number("router_jitter_noise", 0.01);
    return decoder.sparse(
        layer,
        new SparseMixerDesign(gate, jitter),
        new ExpertsDesign(
            module + ".experts",
            List.of("w1", "w3", "w2"),
            count,
            decoder.hidden(),
            config.positive("intermediate_size")),
        null);
  }
}
