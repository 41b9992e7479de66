package org.alphaquant.model.exaone4;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.olmo2.OlmoBlocks;

/**
 * EXAONE 4.0 (arXiv 2507.11407): norms behind every block; full layers beside sliding ones have no
 * rotary embedding (NoPE).
 */
public final class Exaone4Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 2048, 32, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "exaone4",
        List.of("Exaone4ForCausalLM"),
        "grouped-query; RMSNorm per head; sliding window on three of four layers, no rotary on the others",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections = Projections.of(QueryKeyNorm.PER_HEAD);
    return decoder.blueprint(
        layer ->
            HybridAttention.of(decoder, projections, layer)
                .in(OlmoBlocks.attention(decoder.decoder(), layer)),
        layer -> OlmoBlocks.dense(decoder, layer));
  }
}
