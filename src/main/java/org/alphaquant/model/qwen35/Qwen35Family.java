package org.alphaquant.model.qwen35;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.qwen3next.HybridLayers;

/** Qwen3.5, dense: the attention of Qwen3-Next with projections stored apart. */
public final class Qwen35Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 4, 256, 10_000, 0.25);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3_5_text",
        List.of("Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration"),
        "gated delta nets; every few layers gated grouped-query attention with partial rotary",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    HybridLayers layers = HybridLayers.read(source, DEFAULTS, false);
    return layers
        .decoder()
        .blueprint(layers::attention, layer -> layers.decoder().dense(layer, false));
  }
}
