package org.alphaquant.model.qwen2;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SlidingWindow;

/** Qwen2: query, key and value always have biases, the output never. */
public final class Qwen2Family implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen2",
        List.of("Qwen2ForCausalLM"),
        "grouped-query; biases on q, k, v; optional sliding window",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 32_768);
    HeadShape heads = HeadShape.read(config, 32, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    long width = config.positive("intermediate_size");
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, heads, rotary)
                .withBiases(true, false)
                .withWindow(SlidingWindow.ofLayer(config, layer)),
        layer -> decoder.dense(layer, width, false));
  }
}
