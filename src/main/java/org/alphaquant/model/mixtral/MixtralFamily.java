package org.alphaquant.model.mixtral;

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
import org.alphaquant.model.design.SoftmaxRouterDesign;

/** Mixtral: every layer sparse, weights always renormalised; w1 is the gate, w3 up, w2 down. */
public final class MixtralFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mixtral",
        List.of("MixtralForCausalLM"),
        "grouped-query; optional sliding window",
        "softmax over all experts, then top-k, always renormalised",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-5, 131_072);
    HeadShape heads = HeadShape.read(config, 8, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 1_000_000, decoder.positions()).design(heads.dimension(), false);
    long window = SlidingWindow.everywhere(config, 0);
    return decoder.blueprint(
        layer -> decoder.attention(layer, heads, rotary).withWindow(window),
        layer -> experts(source, decoder, layer));
  }

  private static MoeDesign experts(ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    int count = config.count(config.spelling("num_local_experts", "num_experts"), 8);
    int topK = config.count("num_experts_per_tok", 2);
    // Files written from memory by transformers 5 may call the block mlp and fuse its experts.
    boolean renamed = source.has(decoder.layer(layer) + "mlp.gate.weight");
    String module = decoder.layer(layer) + (renamed ? "mlp" : "block_sparse_moe");
    List<String> roles = renamed ? ExpertsDesign.PROJECTIONS : List.of("w1", "w3", "w2");
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    long width = config.positive("intermediate_size");
    return decoder.sparse(
        layer,
        SoftmaxRouterDesign.plain(gate, topK, true),
        new ExpertsDesign(module + ".experts", roles, count, decoder.hidden(), width),
        null);
  }
}
