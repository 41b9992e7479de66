package org.alphaquant.model.qwen3vl;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;

/** Qwen3-VL, text: Qwen3 within a wrapper whose vision tensors are copied unchanged. */
public final class Qwen3VlFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 128_000, 32, 128, 500_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3_vl_text",
        List.of("Qwen3VLForConditionalGeneration"),
        "grouped-query; RMSNorm per head",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections =
        Projections.of(
            Biases.all(decoder.config().flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections), layer -> decoder.dense(layer, false));
  }
}
