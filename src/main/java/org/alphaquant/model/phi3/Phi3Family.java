package org.alphaquant.model.phi3;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.OutputGate;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/**
 * Phi-3, Phi-3.5 and Phi-4 (arXiv 2404.14219): one linear for queries, keys and values, and one for
 * gate and up.
 */
public final class Phi3Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 4096, 0, 0, 10_000, 0.999);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "phi3",
        List.of("Phi3ForCausalLM"),
        "grouped-query as one linear qkv_proj; LongRoPE, partial rotary, optional sliding window",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder read = GroupedQueryDecoder.read(source, DEFAULTS);
    RotaryConfig rotary = RotaryConfig.readPartial(config, 10_000, read.decoder().positions(), 1);
    GroupedQueryDecoder decoder =
        new GroupedQueryDecoder(config, read.decoder(), read.heads(), asLongRope(rotary));
    Projections joint =
        new Projections(
            Biases.NONE, QueryKeyNorm.NONE, Double.POSITIVE_INFINITY, true, OutputGate.NONE);
    Scores scores = Scores.of(decoder.heads()).within(SlidingWindow.everywhere(config, 0));
    return decoder.blueprint(
        layer -> decoder.attention(layer, joint, scores),
        layer -> dense(decoder.decoder(), config, layer));
  }

  // Files of the first release say "su" or "yarn" of what became LongRoPE.
  private static RotaryConfig asLongRope(RotaryConfig rotary) {
    rotary.requireType(Set.of("default", "longrope", "su", "yarn"));
    return rotary.type().equals("yarn") ? rotary.typed("longrope") : rotary;
  }

  private static DenseDesign dense(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    MlpDesign mlp =
        MlpDesign.joint(
            module + ".gate_up_proj",
            module + ".down_proj",
            decoder.hidden(),
            config.positive("intermediate_size"),
            decoder.style().activation());
    return new DenseDesign(decoder.feedForwardResidual(layer), mlp);
  }
}
