package org.alphaquant.model.gptoss;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.ExpertActivation;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/**
 * gpt-oss (model card, arXiv 2508.10925): attention sinks on alternating windows, and experts with
 * biases and a clamped activation.
 */
public final class GptOssFamily implements ModelFamily {

  private static final double ACTIVATION_LIMIT = 7;

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "gpt_oss",
        List.of("GptOssForCausalLM"),
        "grouped-query with biases and a sink logit per head; sliding window on every second layer",
        "top-k of the biased logits, then softmax over those",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    if (config.number("swiglu_limit", ACTIVATION_LIMIT) != ACTIVATION_LIMIT) {
      throw config.wrong("swiglu_limit", "is not 7, the only limit supported");
    }
    if (config.missingOrNull("rope_parameters") && config.missingOrNull("rope_scaling")) {
      throw config.wrong("rope_scaling", "is missing");
    }
    DecoderConfig decoder = DecoderConfig.read(source, 1e-5, 131_072);
    HeadShape heads = HeadShape.read(config, 8, 64);
    RotaryDesign rotary =
        RotaryConfig.read(config, 150_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("attention_bias", true);
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, heads, rotary)
                .withBiases(bias, bias)
                .withWindow(SlidingWindow.alternating(config, layer, 128))
                .withSinks(),
        layer -> experts(decoder, config, layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_local_experts", "num_experts"), 128);
    LinearDesign router = new LinearDesign(module + ".router", count, decoder.hidden(), true);
    long width = config.positive("intermediate_size");
    ExpertsDesign experts =
        new ExpertsDesign(
                module + ".experts", ExpertsDesign.PROJECTIONS, count, decoder.hidden(), width)
            .interleaved()
            .withActivation(ExpertActivation.CLAMPED_SWIGLU);
    int topK = config.count(config.spelling("num_experts_per_tok", "experts_per_token"), 4);
    return decoder.sparse(layer, SoftmaxRouterDesign.plain(router, topK, true), experts, null);
  }
}
