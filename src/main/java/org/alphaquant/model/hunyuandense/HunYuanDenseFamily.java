package org.alphaquant.model.hunyuandense;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;

/** Hunyuan, dense: queries and keys are normalised after the rotation. */
public final class HunYuanDenseFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 2048, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "hunyuan_v1_dense",
        List.of("HunYuanDenseV1ForCausalLM"),
        "grouped-query; RMSNorm per head after rotation",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = HunYuanAttention.read(source, DEFAULTS);
    Projections projections = HunYuanAttention.projections(decoder.config());
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections), layer -> decoder.dense(layer, false));
  }
}
