package org.alphaquant.model.solaropen;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;

/** Solar Open: GLM-4-MoE without dense layers, rotating whole heads. */
public final class SolarOpenFamily implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(128, 8, 1, 1, 1, 0);
  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 128, 1_000_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "solar_open",
        List.of("SolarOpenForCausalLM"),
        "grouped-query",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections =
        Projections.of(new Biases(decoder.config().flag("attention_bias", false), false));
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections),
        layer -> EXPERTS.feedForward(source, decoder.decoder(), layer));
  }
}
