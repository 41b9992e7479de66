package org.alphaquant.model.olmo3;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.Style;
import org.alphaquant.model.olmo2.OlmoBlocks;

/**
 * OLMo 3: OLMo 2 with three sliding layers, whose rotation is never stretched, for each full one.
 */
public final class Olmo3Family implements ModelFamily {

  private static final double THETA = 500_000;

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "olmo3",
        List.of("Olmo3ForCausalLM"),
        "grouped-query; RMSNorm over whole projections; sliding window on three of four layers",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig base = DecoderConfig.read(source, 1e-5, 2048, Style.PLAIN);
    HeadShape heads = HeadShape.read(config, 0, 0);
    RotaryConfig full = RotaryConfig.ofKind(config, false, "", THETA, base.positions());
    RotaryConfig sliding = RotaryConfig.ofKind(config, true, "rope_theta", THETA, base.positions());
    Projections projections = OlmoBlocks.projections(config);
    GroupedQueryDecoder decoder = new GroupedQueryDecoder(config, base, heads, full);
    GroupedQueryDecoder local = new GroupedQueryDecoder(config, base, heads, sliding);
    return decoder.blueprint(
        layer -> {
          boolean slides = SlidingWindow.allButEvery(4, config, layer);
          long window = slides ? SlidingWindow.everywhere(config, 4096) : 0;
          return (slides ? local : decoder)
              .attention(layer, projections, Scores.of(heads).within(window))
              .in(OlmoBlocks.attention(base, layer));
        },
        layer -> OlmoBlocks.dense(decoder, layer));
  }
}
