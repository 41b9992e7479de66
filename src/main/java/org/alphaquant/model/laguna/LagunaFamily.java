package org.alphaquant.model.laguna;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.OutputGate;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.StoredNames;
import org.alphaquant.model.design.Style;

/**
 * Laguna: softplus gates on the heads, as many heads as each layer has, AFMoE's kinds of layers.
 */
public final class LagunaFamily implements ModelFamily {

  private static final String HEADS = "num_attention_heads_per_layer";

  private static final StoredNames STORED_NAMES =
      StoredNames.of("mlp.experts.e_score_correction_bias", "mlp.gate.e_score_correction_bias")
          .and("mlp.shared_expert.", "mlp.shared_experts.");

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "laguna",
        List.of("LagunaForCausalLM"),
        "grouped-query, gated by softplus; RMSNorm per head; sliding window and own rotation on some layers",
        "sigmoid plus correction bias, top-k, renormalised, times moe_routed_scaling_factor",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.refuse("moe_apply_router_weight_on_input", true);
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 131_072, Style.PLAIN);
    HeadShape heads = HeadShape.read(config, 8, 128);
    Projections projections =
        new Projections(
            Biases.all(config.flag("attention_bias", false)),
            QueryKeyNorm.PER_HEAD,
            Double.POSITIVE_INFINITY,
            false,
            gate(config));
    RotaryConfig full = RotaryConfig.ofKind(config, false, "", 500_000, decoder.positions(), 0.5);
    RotaryConfig local = RotaryConfig.ofKind(config, true, "", 10_000, decoder.positions());
    return decoder
        .blueprint(
            layer -> {
              boolean slides = SlidingWindow.allButEvery(0, config, layer);
              HeadShape own = heads(config, heads, layer);
              Scores scores =
                  Scores.of(own).within(slides ? SlidingWindow.everywhere(config, 512) : 0);
              return new GroupedQueryDecoder(config, decoder, own, slides ? local : full)
                  .attention(layer, projections, scores);
            },
            layer -> feedForward(source, decoder, layer))
        .storedAs(source, STORED_NAMES);
  }

  // true, "per-head" or "per-element".
  private static OutputGate gate(ModelConfig config) {
    if (config.root().path("gating").isString()) {
      String kind = config.oneOf("gating", "per-head", Set.of("per-head", "per-element"));
      return kind.equals("per-head") ? OutputGate.SOFTPLUS_PER_HEAD : OutputGate.SOFTPLUS;
    }
    return config.flag("gating", true) ? OutputGate.SOFTPLUS_PER_HEAD : OutputGate.SOFTPLUS;
  }

  private static HeadShape heads(ModelConfig config, HeadShape usual, int layer) {
    List<Long> counts = config.integersOrNull(HEADS);
    if (counts.isEmpty()) {
      return usual;
    }
    if (layer >= counts.size()) {
      throw config.wrong(HEADS, "has " + counts.size() + " entries, fewer than layers");
    }
    return new HeadShape(counts.get(layer), usual.keyHeads(), usual.dimension());
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (!DeepseekExperts.sparse(source, decoder, layer, 1)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    String module = decoder.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_experts", "num_local_experts"), 256);
    RouterDesign router =
        new SigmoidRouterDesign(
            new LinearDesign(module + ".gate", count, decoder.hidden()),
            module + ".experts.e_score_correction_bias",
            config.count("num_experts_per_tok", 8),
            1,
            1,
            true,
            config.aboveZero("moe_routed_scaling_factor", 1));
    MlpDesign shared =
        MlpDesign.of(
            module + ".shared_expert",
            decoder.hidden(),
            config.positive("shared_expert_intermediate_size", 512),
            false,
            decoder.style().activation());
    long width = config.positive("moe_intermediate_size", 512);
    return decoder.sparse(
        layer,
        router,
        ExpertsDesign.of(module + ".experts", count, decoder.hidden(), width),
        new SharedExpertDesign(shared));
  }
}
