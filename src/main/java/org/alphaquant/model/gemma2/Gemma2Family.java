package org.alphaquant.model.gemma2;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** Gemma 2 (arXiv 2408.00118): norms before and behind every block, capped scores and logits. */
public final class Gemma2Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 8192, 4, 256, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "gemma2",
        List.of("Gemma2ForCausalLM"),
        "grouped-query; capped scores; sliding window on every second layer",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder decoder = GemmaStyle.read(source, DEFAULTS, 30);
    Projections projections = Projections.of(Biases.all(config.flag("attention_bias", false)));
    Scores scores =
        Scores.of(decoder.heads())
            .scaled(GemmaStyle.scale(config, 256))
            .capped(GemmaStyle.cap(config, "attn_logit_softcapping", 50));
    return decoder.blueprint(
        layer ->
            decoder
                .attention(
                    layer,
                    projections,
                    scores.within(SlidingWindow.alternating(config, layer, 4096)))
                .in(GemmaStyle.aroundAttention(decoder.decoder(), layer)),
        layer -> GemmaStyle.dense(decoder, layer));
  }
}
