package org.alphaquant.model.gemma4;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.BranchesDesign;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.NormDesign;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.ResidualDesign;
import org.alphaquant.model.design.ScaledSoftmaxDesign;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.Style;
import org.alphaquant.model.gemma2.GemmaStyle;

/**
 * Gemma 4, text: experts beside a dense block, both between norms of their own; a number that
 * scales the stream behind every layer. The small models, whose layers share keys or read
 * embeddings of their own, are refused by those keys.
 */
public final class Gemma4Family implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "gemma4_text",
        List.of("Gemma4ForCausalLM"),
        "grouped-query; RMSNorm per head, of values too; full layers with own heads, proportional rotary and keys for values",
        "softmax over all experts, then top-k, renormalised, times a factor per expert",
        "the dense block, between norms of its own");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    refuseOtherModels(config);
    Multipliers embedding = new Multipliers(Math.sqrt(config.positive("hidden_size")), 1, 1);
    double cap = GemmaStyle.cap(config, "final_logit_softcapping", 0);
    Style style = new Style(NormKind.RMS, Activation.GEGLU_TANH, false, embedding, cap, true);
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 131_072, style);
    Gemma4Attention attention = new Gemma4Attention(config, decoder);
    boolean sparse = config.flag("enable_moe_block", false);
    return decoder.blueprint(
        attention::layer, layer -> feedForward(source, decoder, layer, sparse));
  }

  private static void refuseOtherModels(ModelConfig config) {
    config.oneOf("hidden_activation", "gelu_pytorch_tanh", Set.of("gelu_pytorch_tanh"));
    if (config.missingOrNull("hidden_size_per_layer_input")
        || config.integerOrNull("hidden_size_per_layer_input").orElse(256) != 0) {
      throw config.wrong(
          "hidden_size_per_layer_input", "is not 0; embeddings per layer are not supported");
    }
    if (config.integerOrNull("num_kv_shared_layers").orElse(0) != 0) {
      throw config.wrong(
          "num_kv_shared_layers", "is not 0; layers that share keys and values are not supported");
    }
    // Images' tokens alone see each other both ways with "vision".
    config.oneOf("use_bidirectional_attention", "vision", Set.of("vision"));
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer, boolean sparse) {
    ModelConfig config = source.config();
    long width = config.positive("intermediate_size", 9216);
    DenseDesign dense =
        new DenseDesign(
            decoder
                .between(layer, "pre_feedforward_layernorm", "post_feedforward_layernorm")
                .scaledBy(decoder.layer(layer) + "layer_scalar"),
            decoder.mlp(layer, width, false));
    return sparse ? mixture(source, decoder, layer, dense) : dense;
  }

  // All branches read the stream divided by its root mean square, each times a weight of its own.
  private static MoeDesign mixture(
      ModelSource source, DecoderConfig decoder, int layer, DenseDesign dense) {
    ModelConfig config = source.config();
    String prefix = decoder.layer(layer);
    NormDesign shared =
        new NormDesign(
            prefix + "input of experts",
            decoder.hidden(),
            decoder.epsilon(),
            NormKind.RMS_WITHOUT_WEIGHT);
    ResidualDesign place =
        new ResidualDesign(Optional.of(shared), dense.residual().after(), 1)
            .scaledBy(prefix + "layer_scalar");
    int count = config.count("num_experts");
    ScaledSoftmaxDesign router =
        new ScaledSoftmaxDesign(
            new LinearDesign(prefix + "router.proj", count, decoder.hidden()),
            prefix + "router.scale",
            prefix + "router.per_expert_scale",
            config.count("top_k_experts"));
    String module = prefix + "experts";
    ExpertsDesign experts =
        ExpertsDesign.of(module, count, decoder.hidden(), config.positive("moe_intermediate_size"))
            .activated(Activation.GEGLU_TANH);
    FusedExperts stack =
        new FusedExperts(module + ".gate_up_proj", module + ".down_proj", Arrangement.GATE_FIRST);
    BranchesDesign branches =
        new BranchesDesign(
            dense.residual().before(),
            Optional.of(decoder.norm(prefix + "pre_feedforward_layernorm_2")),
            Optional.of(decoder.norm(prefix + "post_feedforward_layernorm_1")),
            Optional.of(decoder.norm(prefix + "post_feedforward_layernorm_2")),
            false);
    return new MoeDesign(
        place,
        router,
        experts.fused(stack),
        Optional.of(new SharedExpertDesign(dense.mlp())),
        branches);
  }
}
