package org.alphaquant.model.ernie45moe;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.BiasedSoftmaxDesign;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.StoredNames;
import org.alphaquant.model.design.Style;

/** ERNIE 4.5, sparse: a bias chooses experts; neighbouring pairs are rotated. */
public final class Ernie45MoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 4, 0, 500_000);

  private static final StoredNames STORED_NAMES =
      StoredNames.of("mlp.moe_statics.", "mlp.gate.moe_statics.");

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "ernie4_5_moe",
        List.of("Ernie4_5_MoeForCausalLM"),
        "grouped-query; rotary on neighbouring pairs; biases with use_bias",
        "softmax over all experts; a bias chooses, the weights are renormalised",
        "moe_num_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, Style.PLAIN.tiedUnlessSaid());
    Biases biases = Biases.all(decoder.config().flag("use_bias", false));
    Optional<RotaryDesign> rotary = Optional.of(decoder.rotation(true));
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, Projections.of(biases)).rotated(rotary),
            layer -> feedForward(decoder.decoder(), decoder.config(), layer))
        .storedAs(source, STORED_NAMES);
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    boolean bias = config.flag("use_bias", false);
    if (!sparse(config, layer)) {
      return decoder.dense(layer, config.positive("intermediate_size"), bias);
    }
    if (bias) {
      throw config.wrong("use_bias", "is true, which is not supported with experts");
    }
    String module = decoder.layer(layer) + "mlp";
    LinearDesign gate =
        new LinearDesign(module + ".gate", config.count("moe_num_experts", 64), decoder.hidden());
    RouterDesign router =
        new BiasedSoftmaxDesign(
            gate,
            module + ".moe_statics.e_score_correction_bias",
            config.count("moe_k", 6),
            config.aboveZero("moe_norm_min", 1e-12));
    long shared = config.fromZeroOrNull("moe_num_shared_experts", 2);
    return DeepseekExperts.block(decoder, config, layer, router, shared, false);
  }

  // Of the layers from start to end, every interval-th.
  private static boolean sparse(ModelConfig config, int layer) {
    long interval = config.positive("moe_layer_interval", 1);
    long start = config.integerOrNull("moe_layer_start_index").orElse(1);
    double end = config.number("moe_layer_end_index", -1);
    boolean last = end >= 0 && layer > end;
    return (layer + 1) % interval == 0 && layer >= start && !last;
  }
}
