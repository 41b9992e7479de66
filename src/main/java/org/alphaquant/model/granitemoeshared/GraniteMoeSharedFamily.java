package org.alphaquant.model.granitemoeshared;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.granitemoe.GraniteFactors;
import org.alphaquant.model.granitemoe.GraniteMoeFamily;

/** Granite-MoE beside a shared MLP whose gate and up are one linear. */
public final class GraniteMoeSharedFamily implements ModelFamily {

  private static final String WIDTH = "shared_intermediate_size";
  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "granitemoeshared",
        List.of("GraniteMoeSharedForCausalLM"),
        "grouped-query; scores times attention_multiplier, outputs times residual_multiplier",
        "top-k of the logits, then softmax over those",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, GraniteFactors.style(config));
    Projections projections = Projections.of(Biases.all(config.flag("attention_bias", false)));
    Scores scores = Scores.of(decoder.heads()).scaled(config.aboveZero("attention_multiplier", 1));
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, projections, scores),
            layer -> feedForward(decoder.decoder(), config, layer, 0))
        .storedAs(source, GraniteMoeFamily.STORED_NAMES);
  }

  /**
   * The block of a layer: experts beside the shared MLP, or that alone where there are none.
   *
   * @param whenMissing default of {@code shared_intermediate_size}
   */
  public static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer, long whenMissing) {
    long width = config.fromZeroOrNull(WIDTH, whenMissing);
    if (config.integerOrNull("num_local_experts").orElse(8) == 0) {
      return new DenseDesign(
          decoder.feedForwardResidual(layer), shared(decoder, layer, Math.max(1, width)));
    }
    MoeDesign block = GraniteMoeFamily.experts(decoder, config, layer);
    return width == 0
        ? block
        : new MoeDesign(
            block.residual(),
            block.router(),
            block.experts(),
            Optional.of(new SharedExpertDesign(shared(decoder, layer, width))));
  }

  private static MlpDesign shared(DecoderConfig decoder, int layer, long width) {
    String module = decoder.layer(layer) + "shared_mlp";
    return MlpDesign.joint(
        module + ".input_linear",
        module + ".output_linear",
        decoder.hidden(),
        width,
        decoder.style().activation());
  }
}
