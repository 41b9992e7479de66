package org.alphaquant.model.qwen3next;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.qwen2moe.QwenExperts;

/** Qwen3-Next: gated delta nets, gated attention, and many small experts beside a shared one. */
public final class Qwen3NextFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 2, 256, 10_000, 0.25);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3_next",
        List.of("Qwen3NextForCausalLM"),
        "gated delta nets; every few layers gated grouped-query attention with partial rotary",
        "softmax over all experts, then top-k; renormalised unless norm_topk_prob is false",
        "one, scaled by a sigmoid gate");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    HybridLayers layers = HybridLayers.read(source, DEFAULTS, true);
    DecoderConfig decoder = layers.decoder().decoder();
    return decoder.blueprint(layers::attention, layer -> feedForward(source, layers, layer));
  }

  private static FeedForwardDesign feedForward(ModelSource source, HybridLayers layers, int layer) {
    return QwenExperts.sparse(source.config(), layer)
        ? layers.experts(source, layer, 512, 10)
        : layers.decoder().dense(layer, false);
  }
}
