package org.alphaquant.model.exaone4;

import java.util.Optional;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** Attention of EXAONE models: sliding layers rotate, full layers beside them do not (NoPE). */
public final class HybridAttention {

  private HybridAttention() {}

  /** A layer's attention; without a {@code sliding_window} all layers are full and rotate. */
  public static GroupedQueryDesign of(
      GroupedQueryDecoder decoder, Projections projections, int layer) {
    ModelConfig config = decoder.config();
    long window = SlidingWindow.everywhere(config, 4096);
    boolean slides = window > 0 && SlidingWindow.allButEvery(pattern(config), config, layer);
    GroupedQueryDesign attention =
        decoder.attention(
            layer, projections, Scores.of(decoder.heads()).within(slides ? window : 0));
    return window == 0 || slides ? attention : attention.rotated(Optional.empty());
  }

  // A number, or a word such as LLLG with a letter per layer.
  private static long pattern(ModelConfig config) {
    String key = "sliding_window_pattern";
    boolean word = !config.missingOrNull(key) && config.root().get(key).isString();
    return word
        ? config.textOrNull(key).orElseThrow().length()
        : config.integerOrNull(key).orElse(4);
  }
}
