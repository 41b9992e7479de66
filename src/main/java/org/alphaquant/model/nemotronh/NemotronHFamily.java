package org.alphaquant.model.nemotronh;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.AttentionDesign;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MambaDesign;
import org.alphaquant.model.design.MambaShape;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.NoAttentionDesign;
import org.alphaquant.model.design.NoFeedForwardDesign;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.ResidualDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.Style;

/**
 * Nemotron-H and Nemotron 3: one norm and one mixer a layer, which is Mamba-2, attention without
 * rotation, experts or an MLP, all of two linears with a squared ReLU between.
 */
public final class NemotronHFamily implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(8, 2, 1, 1, 1, 0);
  private static final Style STYLE =
      new Style(NormKind.RMS, Activation.RELU_SQUARED, false, Multipliers.NONE, 0, false);
  private static final List<String> ROLES = List.of("up_proj", "down_proj");

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "nemotron_h",
        List.of("NemotronHForCausalLM"),
        "Mamba-2 or grouped-query without rotary, on layers of their own",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("mlp_hidden_act", "relu2", Set.of("relu2"));
    config.oneOf("mamba_hidden_act", "silu", Set.of("silu"));
    config.refuse("mlp_bias", true);
    if (!config.missingOrNull("moe_latent_size")) {
      throw config.wrong(
          "moe_latent_size", "makes experts read a latent of the stream, which is not supported");
    }
    List<Mixer> mixers = Mixer.read(config);
    DecoderConfig decoder =
        DecoderConfig.read(source, mixers.size(), 1e-5, 4096, STYLE).withLastNorm("norm_f");
    return decoder.blueprint(
        layer -> attention(decoder, config, mixers.get(layer), layer),
        layer -> feedForward(decoder, config, mixers.get(layer), layer));
  }

  private static AttentionDesign attention(
      DecoderConfig decoder, ModelConfig config, Mixer mixer, int layer) {
    return switch (mixer) {
      case MAMBA -> mamba(decoder, config, layer);
      case ATTENTION -> grouped(decoder, config, layer);
      default -> new NoAttentionDesign();
    };
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, Mixer mixer, int layer) {
    return switch (mixer) {
      case EXPERTS -> experts(decoder, config, layer);
      case MLP ->
          new DenseDesign(
              place(decoder, layer),
              mlp(module(decoder, layer), decoder, config.positive("intermediate_size", 21_504)));
      default -> new NoFeedForwardDesign();
    };
  }

  private static MambaDesign mamba(DecoderConfig decoder, ModelConfig config, int layer) {
    long groups = config.positive(config.spelling("n_groups", "mamba_n_groups"), 8);
    MambaShape shape =
        new MambaShape(
            config.positive("mamba_num_heads", 128),
            config.positive("mamba_head_dim", 64),
            groups,
            config.positive("ssm_state_size", 128),
            config.positive(config.spelling("conv_kernel", "mamba_d_conv"), 4),
            groups);
    // The reference clamps steps from below by time_step_min whatever time_step_limit says.
    return new MambaDesign(
        module(decoder, layer),
        place(decoder, layer),
        shape,
        config.flag(config.spelling("use_conv_bias", "mamba_conv_bias"), true),
        config.flag("use_bias", false),
        config.aboveZero(config.spelling("time_step_min", "mamba_dt_min"), 0.001),
        Double.POSITIVE_INFINITY);
  }

  private static GroupedQueryDesign grouped(DecoderConfig decoder, ModelConfig config, int layer) {
    HeadShape heads =
        new HeadShape(
            config.positive("num_attention_heads", 32),
            config.positive("num_key_value_heads", 8),
            config.positive("head_dim", 128));
    return new GroupedQueryDesign(
        module(decoder, layer),
        place(decoder, layer),
        heads,
        Optional.empty(),
        Projections.PLAIN,
        Scores.of(heads));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = module(decoder, layer);
    int count = config.count("n_routed_experts", EXPERTS.experts());
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    RouterDesign router = EXPERTS.router(config, gate, gate.name() + ".e_score_correction_bias");
    ExpertsDesign experts =
        ExpertsDesign.of(
                new ExpertsDesign.Names(module + ".experts", ROLES),
                count,
                decoder.hidden(),
                config.positive("moe_intermediate_size", 7688))
            .activated(Activation.RELU_SQUARED);
    long width = config.positive("moe_shared_expert_intermediate_size", 7688);
    SharedExpertDesign shared =
        new SharedExpertDesign(mlp(module + ".shared_experts", decoder, width));
    return new MoeDesign(place(decoder, layer), router, experts, Optional.of(shared));
  }

  private static MlpDesign mlp(String module, DecoderConfig decoder, long width) {
    return MlpDesign.single(module, ROLES, decoder.hidden(), width, decoder.style().activation());
  }

  private static ResidualDesign place(DecoderConfig decoder, int layer) {
    return decoder.behind(layer, "norm");
  }

  private static String module(DecoderConfig decoder, int layer) {
    return decoder.layer(layer) + "mixer";
  }
}
