package org.alphaquant.model.qwen3next;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.design.AttentionDesign;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.DeltaNetDesign;
import org.alphaquant.model.design.DeltaNetShape;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.OutputGate;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.design.Style;
import org.alphaquant.model.qwen2moe.QwenExperts;

/**
 * The layers of Qwen3-Next and Qwen3.5: gated delta nets with a layer of gated full attention every
 * few; all norms but that of the delta net multiply with 1 + w.
 *
 * @param joint how the delta nets' projections are stored
 */
public record HybridLayers(GroupedQueryDecoder decoder, DeltaNetShape shape, boolean joint) {

  private static final String TYPES = "layer_types";

  /** Reads the usual keys. */
  public static HybridLayers read(ModelSource source, Defaults defaults, boolean joint) {
    ModelConfig config = source.config();
    config.refuse("attn_output_gate", false);
    Style style =
        new Style(NormKind.RMS_PLUS_ONE, Activation.SWIGLU, false, Multipliers.NONE, 0, false);
    return new HybridLayers(
        GroupedQueryDecoder.read(source, defaults, style), DeltaNetShape.read(config, 32), joint);
  }

  /** A layer's attention or delta net. */
  public AttentionDesign attention(int layer) {
    ModelConfig config = decoder.config();
    if (linear(config, layer)) {
      DecoderConfig base = decoder.decoder();
      return new DeltaNetDesign(base.layer(layer), base.attentionResidual(layer), shape, joint);
    }
    Projections projections =
        new Projections(
            Biases.all(config.flag("attention_bias", false)),
            QueryKeyNorm.PER_HEAD.styled(NormKind.RMS_PLUS_ONE),
            Double.POSITIVE_INFINITY,
            false,
            OutputGate.IN_QUERY);
    return decoder.attention(layer, projections);
  }

  private static boolean linear(ModelConfig config, int layer) {
    List<String> types = config.textsOrNull(TYPES);
    if (types.isEmpty()) {
      return (layer + 1) % config.positive("full_attention_interval", 4) != 0;
    }
    String type = layer < types.size() ? types.get(layer) : "missing";
    if (!Set.of("linear_attention", "full_attention").contains(type)) {
      throw config.wrong(TYPES, "is '" + type + "' for layer " + layer);
    }
    return type.equals("linear_attention");
  }

  /** A layer's experts beside a shared expert with a gate, with its own renormalisation default. */
  public MoeDesign experts(ModelSource source, int layer, int experts, int topK) {
    ModelConfig config = decoder.config();
    DecoderConfig base = decoder.decoder();
    String module = base.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_experts", "num_local_experts"), experts);
    LinearDesign gate = new LinearDesign(module + ".gate", count, base.hidden());
    RouterDesign router =
        SoftmaxRouterDesign.plain(
            gate, config.count("num_experts_per_tok", topK), config.flag("norm_topk_prob", true));
    ExpertsDesign plain = QwenExperts.experts(base, config, module + ".experts", count);
    // Published stacked within a wrapper, one by one without.
    ExpertsDesign stored =
        source
            .fused(module + ".experts", Arrangement.GATE_FIRST)
            .filter(stack -> module.contains("language_model."))
            .map(plain::fused)
            .orElse(plain);
    return base.sparse(layer, router, stored, QwenExperts.gatedShared(base, config, layer));
  }
}
