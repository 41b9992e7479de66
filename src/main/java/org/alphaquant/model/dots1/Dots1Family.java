package org.alphaquant.model.dots1;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** dots.llm1 (arXiv 2506.05767): GLM-4-MoE with norms per head, rotating whole heads. */
public final class Dots1Family implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(128, 6, 1, 1, 1, 0, false);
  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 32, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "dots1",
        List.of("Dots1ForCausalLM"),
        "grouped-query; RMSNorm per head; sliding window from max_window_layers on",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    config.require(config.spelling("n_routed_experts", "num_local_experts"));
    config.require("n_shared_experts");
    config.require("num_experts_per_tok");
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    Scores scores = Scores.of(decoder.heads());
    return decoder.blueprint(
        layer ->
            decoder.attention(
                layer, projections, scores.within(SlidingWindow.from(62, config, layer))),
        layer -> EXPERTS.feedForward(source, decoder.decoder(), layer));
  }
}
