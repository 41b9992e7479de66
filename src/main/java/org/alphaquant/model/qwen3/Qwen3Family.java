package org.alphaquant.model.qwen3;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SlidingWindow;

/** Qwen3: norms per head before rotation; head_dim is 128 unless given. */
public final class Qwen3Family implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3",
        List.of("Qwen3ForCausalLM"),
        "grouped-query; RMSNorm per head; optional sliding window",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 32_768);
    HeadShape heads = HeadShape.read(config, 32, 128);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("attention_bias", false);
    long width = config.positive("intermediate_size");
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, heads, rotary)
                .withBiases(bias, bias)
                .withNorm(QueryKeyNorm.PER_HEAD)
                .withWindow(SlidingWindow.ofLayer(config, layer)),
        layer -> decoder.dense(layer, width, false));
  }
}
