package org.alphaquant.model.afmoe;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.OutputGate;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.ResidualDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.Style;

/** AFMoE (Trinity): gated attention, norms around every block, full layers rotate nothing. */
public final class AfmoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 16_384, 0, 128, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "afmoe",
        List.of("AfmoeForCausalLM"),
        "grouped-query, gated; RMSNorm per head; sliding window and rotary on three of four layers",
        "sigmoid plus expert bias, top-k, renormalised, times route_scale",
        "num_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("score_func", "sigmoid", Set.of("sigmoid"));
    config.refuse("route_norm", false);
    double embedding =
        config.flag("mup_enabled", false) ? Math.sqrt(config.positive("hidden_size")) : 1;
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, Style.with(new Multipliers(embedding, 1, 1)));
    return decoder.blueprint(
        layer -> attention(decoder, layer), layer -> feedForward(decoder, layer));
  }

  private static GroupedQueryDesign attention(GroupedQueryDecoder decoder, int layer) {
    ModelConfig config = decoder.config();
    Projections projections =
        new Projections(
            Biases.all(config.flag("attention_bias", false)),
            QueryKeyNorm.PER_HEAD,
            Double.POSITIVE_INFINITY,
            false,
            OutputGate.OWN_LINEAR);
    long every = config.positive("global_attn_every_n_layers", 4);
    boolean slides = SlidingWindow.allButEvery(every, config, layer);
    long window = slides ? SlidingWindow.everywhere(config, 1024) : 0;
    GroupedQueryDesign design =
        decoder
            .attention(layer, projections, Scores.of(decoder.heads()).within(window))
            .in(decoder.decoder().between(layer, "input_layernorm", "post_attention_layernorm"));
    return slides ? design : design.rotated(Optional.empty());
  }

  private static FeedForwardDesign feedForward(GroupedQueryDecoder model, int layer) {
    ModelConfig config = model.config();
    DecoderConfig decoder = model.decoder();
    ResidualDesign place = decoder.between(layer, "pre_mlp_layernorm", "post_mlp_layernorm");
    if (layer < config.integerOrNull("num_dense_layers").orElse(1)) {
      long width = config.positive("intermediate_size");
      return new DenseDesign(place, decoder.mlp(layer, width, false));
    }
    String module = decoder.layer(layer) + "mlp";
    int count = config.count("num_experts", 64);
    RouterDesign router =
        new SigmoidRouterDesign(
            new LinearDesign(module + ".router.gate", count, decoder.hidden()),
            module + ".expert_bias",
            config.count("num_experts_per_tok", 6),
            config.count("n_group", 1),
            config.count("topk_group", 1),
            true,
            config.aboveZero("route_scale", 1));
    long shared = config.fromZeroOrNull("num_shared_experts", 2);
    MoeDesign block = DeepseekExperts.block(decoder, config, layer, router, shared, false);
    return new MoeDesign(place, block.router(), block.experts(), block.shared());
  }
}
