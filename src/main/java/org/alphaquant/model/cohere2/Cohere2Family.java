package org.alphaquant.model.cohere2;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.block.Residual.Order;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.Style;

/**
 * Command R7B and Command A: attention and feed-forward read the same norm; full layers rotate
 * nothing.
 */
public final class Cohere2Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 8192, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "cohere2",
        List.of("Cohere2ForCausalLM"),
        "grouped-query; sliding window and rotary on neighbouring pairs on three of four layers",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.refuse("use_qk_norm", true);
    config.refuse("use_parallel_block", false);
    config.refuse("use_gated_activation", false);
    Multipliers factors = new Multipliers(1, 1, config.aboveZero("logit_scale", 0.0625));
    Style style =
        new Style(NormKind.LAYER_WITHOUT_BIAS, Activation.SWIGLU, false, factors, 0, true);
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS, style);
    DecoderConfig base = decoder.decoder();
    long width = config.positive("intermediate_size");
    return decoder.blueprint(
        layer -> attention(decoder, layer),
        layer ->
            new DenseDesign(
                base.attentionResidual(layer).in(Order.PARALLEL_SECOND),
                base.mlp(layer, width, false)));
  }

  private static GroupedQueryDesign attention(GroupedQueryDecoder decoder, int layer) {
    ModelConfig config = decoder.config();
    Biases biases = Biases.all(config.flag("attention_bias", false));
    long every = config.positive("sliding_window_pattern", 4);
    boolean slides = SlidingWindow.allButEvery(every, config, layer);
    long window = slides ? SlidingWindow.everywhere(config, 4096) : 0;
    return decoder
        .attention(layer, Projections.of(biases), Scores.of(decoder.heads()).within(window))
        .rotated(slides ? Optional.of(decoder.rotation(true)) : Optional.empty())
        .in(decoder.decoder().attentionResidual(layer).in(Order.PARALLEL_FIRST));
  }
}
