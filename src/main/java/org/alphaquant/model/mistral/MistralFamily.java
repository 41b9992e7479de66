package org.alphaquant.model.mistral;

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

/** Mistral: every layer slides where a window is set; a missing key means 4096, null means none. */
public final class MistralFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mistral", List.of("MistralForCausalLM"), "grouped-query; sliding window", "none", "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 131_072);
    HeadShape heads = HeadShape.read(config, 8, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    long window = SlidingWindow.everywhere(config, 4096);
    long width = config.positive("intermediate_size");
    return decoder.blueprint(
        layer -> decoder.attention(layer, heads, rotary).withWindow(window),
        layer -> decoder.dense(layer, width, false));
  }
}
