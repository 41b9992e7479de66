package org.alphaquant.model.lfm2moe;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.AttentionDesign;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.ResidualDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.ShortConvolutionDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.Style;

/** LFM2-MoE: gated short convolutions with a layer of attention here and there. */
public final class Lfm2MoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 128_000, 8, 0, 1_000_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "lfm2_moe",
        List.of("Lfm2MoeForCausalLM"),
        "gated short convolutions; grouped-query with RMSNorm per head on some layers",
        "sigmoid plus expert bias, top-k, renormalised with norm_topk_prob",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    boolean tied = config.missing("tie_embedding") || config.flag("tie_embedding", true);
    Style style = tied ? Style.PLAIN.tiedUnlessSaid() : Style.PLAIN;
    GroupedQueryDecoder read = GroupedQueryDecoder.read(source, DEFAULTS, style);
    GroupedQueryDecoder decoder =
        new GroupedQueryDecoder(
            config, read.decoder().withLastNorm("embedding_norm"), read.heads(), read.rotary());
    return decoder.blueprint(
        layer -> attention(decoder, layer), layer -> feedForward(decoder.decoder(), config, layer));
  }

  private static AttentionDesign attention(GroupedQueryDecoder decoder, int layer) {
    ModelConfig config = decoder.config();
    DecoderConfig base = decoder.decoder();
    ResidualDesign place = base.behind(layer, "operator_norm");
    List<String> types = config.textsOrNull("layer_types");
    String type = layer < types.size() ? types.get(layer) : "missing";
    if (type.equals("conv")) {
      return new ShortConvolutionDesign(
          base.layer(layer) + "conv",
          place,
          config.positive("conv_L_cache", 3),
          config.flag("conv_bias", false));
    }
    if (!type.equals("full_attention")) {
      throw config.wrong("layer_types", "is '" + type + "' for layer " + layer);
    }
    QueryKeyNorm norm = QueryKeyNorm.PER_HEAD.named("q_layernorm", "k_layernorm");
    return decoder.attention(layer, Projections.of(norm).withOutput("out_proj")).in(place);
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "feed_forward";
    ResidualDesign place = decoder.behind(layer, "ffn_norm");
    if (layer < config.integerOrNull("num_dense_layers").orElse(2)) {
      return new DenseDesign(place, dense(decoder, config, module));
    }
    if (!config.flag("use_expert_bias", true)) {
      throw config.wrong("use_expert_bias", "is false, which is not supported");
    }
    int count = config.count("num_experts", 32);
    RouterDesign router =
        new SigmoidRouterDesign(
            new LinearDesign(module + ".gate", count, decoder.hidden()),
            module + ".expert_bias",
            config.count("num_experts_per_tok", 4),
            1,
            1,
            config.flag("norm_topk_prob", true),
            1e-6,
            config.aboveZero("routed_scaling_factor", 1));
    ExpertsDesign.Names names =
        new ExpertsDesign.Names(module + ".experts", List.of("w1", "w3", "w2"));
    long width = config.positive("moe_intermediate_size");
    return new MoeDesign(
        place, router, ExpertsDesign.of(names, count, decoder.hidden(), width), Optional.empty());
  }

  private static MlpDesign dense(DecoderConfig decoder, ModelConfig config, String module) {
    long width = config.positive("intermediate_size");
    return new MlpDesign(
        List.of(
            new LinearDesign(module + ".w1", width, decoder.hidden()),
            new LinearDesign(module + ".w3", width, decoder.hidden())),
        new LinearDesign(module + ".w2", decoder.hidden(), width),
        width,
        decoder.style().activation());
  }
}
