package org.alphaquant.model.mimov2flash;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.StoredNames;
import org.alphaquant.model.design.Style;

/**
 * MiMo-V2-Flash: values narrower than keys, sinks and more key heads on sliding layers, the router
 * of DeepSeek-V3. Both spellings of config.json are read: the published one has {@code swa_} keys
 * and lists of numbers, that of transformers lists of words.
 */
public final class MiMoV2FlashFamily implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(256, 8, 1, 1, 1, 1);
  private static final String PATTERN = "hybrid_layer_pattern";
  private static final String SPARSE = "moe_layer_freq";
  private static final String VALUES = "attention_value_scale";
  private static final double PART = 0.334;

  private static final StoredNames STORED_NAMES =
      StoredNames.of("self_attn.attention_sink_bias", "self_attn.sinks");

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mimo_v2_flash",
        List.of("MiMoV2FlashForCausalLM"),
        "grouped-query with narrower, scaled values; partial rotary; sliding window, sinks and own key heads on most layers",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig base = DecoderConfig.read(source, 1e-5, 131_072, Style.PLAIN);
    GroupedQueryDecoder full = decoder(config, base, false);
    GroupedQueryDecoder sliding = decoder(config, base, true);
    Projections projections =
        Projections.of(new Biases(config.flag("attention_bias", false), false));
    return base.blueprint(
            layer -> {
              boolean slides = slides(config, layer);
              GroupedQueryDecoder own = slides ? sliding : full;
              return own.attention(layer, projections, scores(own, slides));
            },
            layer -> feedForward(source, base, layer))
        .storedAs(source, STORED_NAMES);
  }

  private static GroupedQueryDecoder decoder(
      ModelConfig config, DecoderConfig base, boolean sliding) {
    long positions = base.positions();
    RotaryConfig rotary =
        sliding
            ? RotaryConfig.ofKind(config, true, "swa_rope_theta", 10_000, positions, PART)
            : RotaryConfig.ofKind(config, false, "", 5_000_000, positions, PART);
    return new GroupedQueryDecoder(config, base, heads(config, sliding), rotary);
  }

  private static HeadShape heads(ModelConfig config, boolean sliding) {
    long heads = config.positive("num_attention_heads", 64);
    long keyHeads = config.positive("num_key_value_heads", 4);
    long dimension = config.positive("head_dim", 192);
    long values = config.positive("v_head_dim", 128);
    if (!sliding) {
      return new HeadShape(heads, keyHeads, dimension, values);
    }
    return new HeadShape(
        config.positive("swa_num_attention_heads", heads),
        config.positive("swa_num_key_value_heads", 2 * keyHeads),
        config.positive("swa_head_dim", dimension),
        config.positive("swa_v_head_dim", values));
  }

  private static Scores scores(GroupedQueryDecoder decoder, boolean sliding) {
    ModelConfig config = decoder.config();
    Scores scores = Scores.of(decoder.heads()).scalingValues(valueScale(config));
    boolean sinks =
        sliding
            ? config.flag("add_swa_attention_sink_bias", true)
            : config.flag("add_full_attention_sink_bias", false);
    Scores own = sinks ? scores.withSinks("attention_sink_bias") : scores;
    return sliding ? own.within(SlidingWindow.everywhere(config, 128)) : own;
  }

  private static double valueScale(ModelConfig config) {
    boolean off = config.missingOrNull(VALUES) && !config.missing(VALUES);
    return off ? 1 : config.aboveZero(VALUES, 0.707);
  }

  private static boolean slides(ModelConfig config, int layer) {
    List<Long> pattern = config.integersOrNull(PATTERN);
    if (!pattern.isEmpty()) {
      return entry(config, PATTERN, pattern, layer) == 1;
    }
    return (layer > 0 || !config.missingOrNull("layer_types"))
        && SlidingWindow.allButEvery(6, config, layer);
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (!sparse(source, decoder, layer)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    int count = config.count(config.spelling("n_routed_experts", "num_local_experts"), 256);
    LinearDesign gate = DeepseekExperts.router(decoder, layer, count);
    return DeepseekExperts.block(
        decoder,
        config,
        layer,
        EXPERTS.router(config, gate, gate.name() + ".e_score_correction_bias"),
        config.integerOrNull("n_shared_experts").orElse(0),
        false);
  }

  private static boolean sparse(ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (config.root().path(SPARSE).isArray()) {
      return entry(config, SPARSE, config.integersOrNull(SPARSE), layer) == 1;
    }
    return DeepseekExperts.sparse(source, decoder, layer, 1);
  }

  private static long entry(ModelConfig config, String key, List<Long> entries, int layer) {
    if (layer >= entries.size()) {
      throw config.wrong(key, "has " + entries.size() + " entries, fewer than layers");
    }
    return entries.get(layer);
  }
}
