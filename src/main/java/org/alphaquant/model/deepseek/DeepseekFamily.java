package org.alphaquant.model.deepseek;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/** DeepSeek-MoE v1: Llama attention, softmax routing, shared experts added plainly. */
public final class DeepseekFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 32, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "deepseek",
        List.of("DeepseekForCausalLM"),
        "grouped-query",
        "softmax over all experts, then top-k; renormalised only with norm_topk_prob",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("scoring_func", "softmax", Set.of("softmax"));
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    decoder.rotary().requireType(Set.of("default", "linear", "dynamic"));
    Projections projections = Projections.of(Biases.all(config.flag("attention_bias", false)));
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections),
        layer -> feedForward(decoder.decoder(), config, layer));
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    OptionalLong experts = config.positiveOrNull("n_routed_experts");
    boolean sparse =
        experts.isPresent()
            && layer >= config.integerOrNull("first_k_dense_replace").orElse(0)
            && layer % config.positive("moe_layer_freq", 1) == 0;
    if (!sparse) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    int topK = config.count("num_experts_per_tok");
    LinearDesign linear =
        DeepseekExperts.router(decoder, layer, Math.toIntExact(experts.getAsLong()));
    boolean renormalise = topK > 1 && config.flag("norm_topk_prob", false);
    RouterDesign router = new SoftmaxRouterDesign(linear, topK, renormalise, 1e-20, 1, 1, 1);
    long shared = config.integerOrNull("n_shared_experts").orElse(0);
    return DeepseekExperts.block(decoder, config, layer, router, shared, false);
  }
}
