package org.alphaquant.model.kimilinear;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.AttentionDesign;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.KimiDeltaDesign;
import org.alphaquant.model.design.LatentDesign;
import org.alphaquant.model.design.LatentShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.StoredNames;
import org.alphaquant.model.design.Style;

/**
 * Kimi Linear: Kimi delta attention with a layer of latent attention without rotation every few,
 * and the router of DeepSeek-V3 under keys of its own.
 */
public final class KimiLinearFamily implements ModelFamily {

  private static final LatentShape WHEN_MISSING =
      LatentShape.whenMissing(OptionalLong.empty(), 512, 128, 64, 128);

  private static final String TYPES = "layer_types";
  private static final String LINEAR = "linear_attn_config";

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "kimi_linear",
        List.of("KimiLinearForCausalLM"),
        "Kimi delta attention; latent without rotary on some layers",
        "sigmoid plus correction bias, group-limited top-k, renormalised with moe_renormalize, times routed_scaling_factor",
        "num_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("moe_router_activation_func", "sigmoid", Set.of("sigmoid"));
    config.refuse("mla_use_nope", false);
    long positions =
        config.positive(config.spelling("model_max_length", "max_position_embeddings"), 1_048_576);
    DecoderConfig decoder = DecoderConfig.read(source, 1e-5, positions, Style.PLAIN);
    LatentShape latent = LatentShape.read(config, WHEN_MISSING);
    // transformers 5 writes dense blocks under the name of the sparse ones.
    return decoder
        .blueprint(
            layer -> attention(config, decoder, latent, layer),
            layer -> feedForward(source, decoder, layer))
        .storedAs(source, StoredNames.of(".mlp.", ".block_sparse_moe."));
  }

  private static AttentionDesign attention(
      ModelConfig config, DecoderConfig decoder, LatentShape latent, int layer) {
    if (!linear(config, layer)) {
      return LatentDesign.unrotated(decoder, layer, latent, config.flag("attention_bias", false));
    }
    Optional<ModelConfig> published = config.objectOrNull(LINEAR);
    ModelConfig nested = published.orElse(ModelConfig.EMPTY);
    return new KimiDeltaDesign(
        decoder.layer(layer) + "self_attn",
        decoder.attentionResidual(layer),
        nested.positive("num_heads", config.positive("linear_num_heads", 32)),
        nested.positive("head_dim", config.positive("linear_head_dim", 128)),
        nested.positive("short_conv_kernel_size", config.positive("linear_conv_kernel_dim", 4)));
  }

  // Published files count layers from one, in two lists.
  private static boolean linear(ModelConfig config, int layer) {
    List<String> types = config.textsOrNull(TYPES);
    if (!types.isEmpty()) {
      String type = layer < types.size() ? types.get(layer) : "missing";
      if (!Set.of("linear_attention", "full_attention").contains(type)) {
        throw config.wrong(TYPES, "is '" + type + "' for layer " + layer);
      }
      return type.equals("linear_attention");
    }
    Optional<ModelConfig> published = config.objectOrNull(LINEAR);
    if (published.isEmpty()) {
      return layer == 0 || layer % 4 != 0;
    }
    long number = layer + 1L;
    boolean full = published.get().integersOrNull("full_attn_layers").contains(number);
    if (full == published.get().integersOrNull("kda_layers").contains(number)) {
      throw config.wrong(LINEAR, "does not name layer " + number + " in one of its two lists");
    }
    return !full;
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    String module = decoder.layer(layer) + "block_sparse_moe";
    if (!DeepseekExperts.sparse(source, decoder, layer, 1)) {
      String own = decoder.layer(layer) + "mlp";
      long width = config.positive("intermediate_size");
      return new DenseDesign(decoder.feedForwardResidual(layer), mlp(decoder, own, width));
    }
    long width = config.positive("moe_intermediate_size");
    int count = config.count(config.spelling("num_experts", "num_local_experts"), 256);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    ExpertsDesign.Names names =
        new ExpertsDesign.Names(module + ".experts", List.of("w1", "w3", "w2"));
    long shared = config.positive(config.spelling("num_shared_experts", "n_shared_experts"), 1);
    MlpDesign beside = mlp(decoder, module + ".shared_experts", shared * width);
    return new MoeDesign(
        decoder.feedForwardResidual(layer),
        router(config, gate),
        ExpertsDesign.of(names, count, decoder.hidden(), width),
        Optional.of(new SharedExpertDesign(beside)));
  }

  private static SigmoidRouterDesign router(ModelConfig config, LinearDesign gate) {
    return new SigmoidRouterDesign(
        gate,
        gate.name() + ".e_score_correction_bias",
        config.count(config.spelling("num_experts_per_token", "num_experts_per_tok"), 8),
        config.count(config.spelling("num_expert_group", "n_group"), 1),
        config.count("topk_group", 1),
        config.flag(config.spelling("moe_renormalize", "norm_topk_prob"), true),
        config.aboveZero("routed_scaling_factor", 2.446));
  }

  private static MlpDesign mlp(DecoderConfig decoder, String module, long width) {
    return MlpDesign.of(module, decoder.hidden(), width, false, decoder.style().activation());
  }
}
