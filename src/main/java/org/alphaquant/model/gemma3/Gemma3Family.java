package org.alphaquant.model.gemma3;

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
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.gemma2.GemmaStyle;

/**
 * Gemma 3 (arXiv 2503.19786), text: five sliding layers with their own rotation for each full one.
 */
public final class Gemma3Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 131_072, 4, 256, 1_000_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "gemma3_text",
        List.of("Gemma3ForCausalLM"),
        "grouped-query; RMSNorm per head; sliding window and own rotary theta on five of six layers",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder decoder = GemmaStyle.read(source, DEFAULTS, 0);
    QueryKeyNorm norm = QueryKeyNorm.PER_HEAD.styled(NormKind.RMS_PLUS_ONE);
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), norm);
    Scores scores =
        Scores.of(decoder.heads())
            .scaled(GemmaStyle.scale(config, 256))
            .capped(GemmaStyle.cap(config, "attn_logit_softcapping", 0));
    return decoder.blueprint(
        layer -> attention(decoder, projections, scores, layer),
        layer -> GemmaStyle.dense(decoder, layer));
  }

  private static GroupedQueryDesign attention(
      GroupedQueryDecoder decoder, Projections projections, Scores scores, int layer) {
    ModelConfig config = decoder.config();
    long positions = decoder.decoder().positions();
    boolean slides = SlidingWindow.allButEvery(pattern(config), config, layer);
    RotaryConfig rotary =
        slides
            ? RotaryConfig.ofKind(config, true, "rope_local_base_freq", 10_000, positions)
            : decoder.rotary();
    long window = slides ? SlidingWindow.everywhere(config, 4096) : 0;
    return decoder
        .attention(layer, projections, scores.within(window))
        .rotated(Optional.of(rotary.design(decoder.heads().dimension(), false)))
        .in(GemmaStyle.aroundAttention(decoder.decoder(), layer));
  }

  private static long pattern(ModelConfig config) {
    return config.positive(config.spelling("sliding_window_pattern", "_sliding_window_pattern"), 6);
  }
}
