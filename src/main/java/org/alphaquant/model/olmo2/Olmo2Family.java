package org.alphaquant.model.olmo2;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;

/** OLMo 2 (arXiv 2501.00656): blocks read the stream as it is, and their outputs are normalised. */
public final class Olmo2Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 2048, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "olmo2",
        List.of("Olmo2ForCausalLM"),
        "grouped-query; RMSNorm over whole projections",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections = OlmoBlocks.projections(decoder.config());
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, projections)
                .in(OlmoBlocks.attention(decoder.decoder(), layer)),
        layer -> OlmoBlocks.dense(decoder, layer));
  }
}
