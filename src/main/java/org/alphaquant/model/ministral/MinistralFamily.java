package org.alphaquant.model.ministral;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** Ministral: Mistral whose layers slide as {@code layer_types} says. */
public final class MinistralFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 131_072, 8, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "ministral",
        List.of("MinistralForCausalLM"),
        "grouped-query; sliding window on the layers that layer_types names",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Scores scores = Scores.of(decoder.heads());
    long window = SlidingWindow.everywhere(config, 4096);
    long every = config.missingOrNull("layer_types") ? decoder.decoder().layers() + 1L : 0;
    return decoder.blueprint(
        layer ->
            decoder.attention(
                layer,
                Projections.PLAIN,
                scores.within(SlidingWindow.allButEvery(every, config, layer) ? window : 0)),
        layer -> decoder.dense(layer, false));
  }
}
