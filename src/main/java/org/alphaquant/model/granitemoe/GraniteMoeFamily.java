package org.alphaquant.model.granitemoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.design.StoredNames;

/**
 * Granite-MoE: the softmax is over the chosen logits, which is the renormalised softmax over all.
 */
public final class GraniteMoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 0, 0, 10_000);

  /** What transformers 5 calls the experts and their router in memory. */
  public static final StoredNames STORED_NAMES =
      StoredNames.of(
              "block_sparse_moe.input_linear.weight", "block_sparse_moe.experts.gate_up_proj")
          .and("block_sparse_moe.output_linear.weight", "block_sparse_moe.experts.down_proj")
          .and("block_sparse_moe.router.layer.", "block_sparse_moe.router.");

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
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, GraniteFactors.style(config));
    Biases biases = Biases.all(config.flag("attention_bias", false));
    Scores scores = Scores.of(decoder.heads()).scaled(config.aboveZero("attention_multiplier", 1));
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, Projections.of(biases), scores),
            layer -> experts(decoder.decoder(), config, layer))
        .storedAs(source, STORED_NAMES);
  }

  /** The block of a layer, without a shared MLP. */
  public static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "block_sparse_moe";
    int count = config.count("num_local_experts", 8);
    LinearDesign gate = new LinearDesign(module + ".router.layer", count, decoder.hidden());
    ExpertsDesign experts =
        ExpertsDesign.of(
                module + ".experts", count, decoder.hidden(), config.positive("intermediate_size"))
            .fused(
                new FusedExperts(
                    module + ".input_linear.weight",
                    module + ".output_linear.weight",
                    Arrangement.GATE_FIRST));
    int topK = config.count("num_experts_per_tok", 2);
    return decoder.sparse(layer, SoftmaxRouterDesign.plain(gate, topK, true), experts, null);
  }
}
