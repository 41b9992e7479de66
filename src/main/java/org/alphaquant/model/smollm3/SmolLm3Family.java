package org.alphaquant.model.smollm3;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotatedLayers;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.Style;

/** SmolLM3: Llama with every fourth layer without rotary embedding (NoPE). */
public final class SmolLm3Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 4, 0, 2_000_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "smollm3",
        List.of("SmolLM3ForCausalLM"),
        "grouped-query; no rotary where no_rope_layers is 0; optional sliding window",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, Style.PLAIN.tiedUnlessSaid());
    ModelConfig config = decoder.config();
    Projections projections = Projections.of(Biases.all(config.flag("attention_bias", false)));
    boolean mlpBias = config.flag("mlp_bias", false);
    return decoder.blueprint(
        layer -> attention(decoder, projections, layer), layer -> decoder.dense(layer, mlpBias));
  }

  private static GroupedQueryDesign attention(
      GroupedQueryDecoder decoder, Projections projections, int layer) {
    ModelConfig config = decoder.config();
    boolean rotates = RotatedLayers.rotates(config, layer, 4);
    boolean slides =
        config.textsOrNull("layer_types").isEmpty()
            ? !rotates
            : SlidingWindow.allButEvery(0, config, layer);
    long window = slides ? SlidingWindow.ifUsed(config) : 0;
    GroupedQueryDesign plain =
        decoder.attention(layer, projections, Scores.of(decoder.heads()).within(window));
    return rotates ? plain : plain.rotated(Optional.empty());
  }
}
