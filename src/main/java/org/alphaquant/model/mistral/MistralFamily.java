package org.alphaquant.model.mistral;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** Mistral: every layer slides where a window is set; a missing key means 4096, null means none. */
public final class MistralFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 131_072, 8, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mistral", List.of("MistralForCausalLM"), "grouped-query; sliding window", "none", "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    long window = SlidingWindow.everywhere(decoder.config(), 4096);
    Scores scores = Scores.of(decoder.heads()).within(window);
    return decoder.blueprint(
        layer -> decoder.attention(layer, Projections.PLAIN, scores),
        layer -> decoder.dense(layer, false));
  }
}
