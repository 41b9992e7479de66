package org.alphaquant.model.qwen35moe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.qwen3next.HybridLayers;

/** Qwen3.5-MoE: Qwen3.5 with the experts of Qwen3-Next in every layer. */
public final class Qwen35MoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 2, 256, 10_000, 0.25);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3_5_moe_text",
        List.of("Qwen3_5MoeForCausalLM", "Qwen3_5MoeForConditionalGeneration"),
        "gated delta nets; every few layers gated grouped-query attention with partial rotary",
        "softmax over all experts, then top-k; renormalised unless norm_topk_prob is false",
        "one, scaled by a sigmoid gate");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    HybridLayers layers = HybridLayers.read(source, DEFAULTS, false);
    return layers
        .decoder()
        .blueprint(layers::attention, layer -> layers.experts(source, layer, 256, 8));
  }
}
