package org.alphaquant.model.llama4;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.BranchesDesign;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.InputScoresDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.PositionScale;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotatedLayers;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.Style;

/**
 * Llama 4, text: layers that rotate attend within chunks, the others to everything with queries
 * that grow; experts read tokens that are scaled by their scores.
 */
public final class Llama4Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 128, 500_000);
  private static final String CHUNK = "attention_chunk_size";
  private static final String TYPES = "layer_types";
  private static final QueryKeyNorm NORM =
      QueryKeyNorm.PER_HEAD.styled(NormKind.RMS_WITHOUT_WEIGHT).afterRotation();

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "llama4_text",
        List.of("Llama4ForCausalLM"),
        "grouped-query; rotary, RMSNorm without weights and chunks on most layers; queries that grow on the others",
        "top-k of the logits, the sigmoid of each on what the expert reads",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS, Style.PLAIN);
    return decoder.blueprint(
        layer -> attention(decoder, layer), layer -> feedForward(decoder.decoder(), config, layer));
  }

  private static GroupedQueryDesign attention(GroupedQueryDecoder decoder, int layer) {
    ModelConfig config = decoder.config();
    boolean rotates = RotatedLayers.rotates(config, layer, 4);
    boolean normalises = config.flag("use_qk_norm", true) && rotates;
    Projections projections =
        Projections.of(
            Biases.all(config.flag("attention_bias", false)),
            normalises ? NORM : QueryKeyNorm.NONE);
    Scores scores = Scores.of(decoder.heads());
    if (chunked(config, layer, rotates)) {
      scores = scores.inChunks(chunk(config));
    }
    if (!rotates && config.flag("attn_temperature_tuning", true)) {
      double every = config.aboveZero("floor_scale", 8192);
      scores = scores.growing(new PositionScale(config.aboveZero("attn_scale", 0.1), every, 1));
    }
    GroupedQueryDesign design = decoder.attention(layer, projections, scores);
    return design.rotated(rotates ? Optional.of(decoder.rotation(true)) : Optional.empty());
  }

  private static long chunk(ModelConfig config) {
    return config.missing(CHUNK) ? 8192 : config.integerOrNull(CHUNK).orElse(0);
  }

  private static boolean chunked(ModelConfig config, int layer, boolean rotates) {
    List<String> types = config.textsOrNull(TYPES);
    if (types.isEmpty()) {
      return rotates;
    }
    String type = layer < types.size() ? types.get(layer) : "missing";
    if (!List.of("chunked_attention", "full_attention").contains(type)) {
      throw config.wrong(TYPES, "is '" + type + "' for layer " + layer);
    }
    return type.equals("chunked_attention");
  }

  private static boolean sparse(ModelConfig config, int layer) {
    List<Long> layers = config.integersOrNull("moe_layers");
    return layers.isEmpty() && config.missingOrNull("moe_layers")
        ? (layer + 1) % config.positive("interleave_moe_layer_step", 1) == 0
        : layers.contains((long) layer);
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "feed_forward";
    if (!sparse(config, layer)) {
      long width = config.positive("intermediate_size_mlp", 16_384);
      return new DenseDesign(decoder.feedForwardResidual(layer), mlp(decoder, module, width));
    }
    long width = config.positive("intermediate_size", 8192);
    int count = config.count("num_local_experts", 16);
    FusedExperts stack =
        new FusedExperts(
            module + ".experts.gate_up_proj",
            module + ".experts.down_proj",
            Arrangement.TRANSPOSED);
    return new MoeDesign(
        decoder.feedForwardResidual(layer),
        new InputScoresDesign(
            new LinearDesign(module + ".router", count, decoder.hidden()),
            config.count("num_experts_per_tok", 1)),
        ExpertsDesign.of(module + ".experts", count, decoder.hidden(), width).fused(stack),
        Optional.of(new SharedExpertDesign(mlp(decoder, module + ".shared_expert", width))),
        BranchesDesign.SCALED_INPUTS);
  }

  private static MlpDesign mlp(DecoderConfig decoder, String module, long width) {
    return MlpDesign.of(module, decoder.hidden(), width, false, decoder.style().activation());
  }
}
