package org.alphaquant.model.gptoss;

import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/**
 * gpt-oss (model card, arXiv 2508.10925): attention sinks on alternating windows, and experts with
 * biases and a clamped activation.
 */
public final class GptOssFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 64, 150_000);

  private static final Map<String, Object> ROTATION_WHEN_MISSING =
      Map.of(
          "rope_type", "yarn",
          "rope_theta", 150_000.0,
          "factor", 32.0,
          "beta_fast", 32.0,
          "beta_slow", 1.0,
          "truncate", false,
          "original_max_position_embeddings", 4096);

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
    if (config.aboveZero("swiglu_limit", ACTIVATION_LIMIT) != ACTIVATION_LIMIT) {
      throw config.wrong("swiglu_limit", "is not 7, the only limit supported");
    }
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source.rotating(ROTATION_WHEN_MISSING), DEFAULTS);
    Projections projections = Projections.of(Biases.all(config.flag("attention_bias", true)));
    Scores scores = Scores.of(decoder.heads()).withSinks("sinks");
    return decoder.blueprint(
        layer ->
            decoder.attention(
                layer, projections, scores.within(SlidingWindow.alternating(config, layer, 128))),
        layer -> experts(decoder.decoder(), config, layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_local_experts", "num_experts"), 128);
    LinearDesign router = new LinearDesign(module + ".router", count, decoder.hidden(), true);
    long width = config.positive("intermediate_size");
    String stacks = module + ".experts";
    ExpertsDesign experts =
        new ExpertsDesign(
            new ExpertsDesign.Names(stacks),
            count,
            decoder.hidden(),
            width,
            new FusedExperts(
                stacks + ".gate_up_proj", stacks + ".down_proj", Arrangement.INTERLEAVED, true),
            true,
            Activation.CLAMPED_SWIGLU);
    int topK = config.count(config.spelling("num_experts_per_tok", "experts_per_token"), 4);
    return decoder.sparse(layer, SoftmaxRouterDesign.plain(router, topK, true), experts, null);
  }
}
