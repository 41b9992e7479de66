package org.alphaquant.model.olmoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
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
import org.alphaquant.model.design.OutputGate;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/** OLMoE-1B-7B and its like; every layer is sparse. */
public final class OlmoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 4096, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "olmoe",
        List.of("OlmoeForCausalLM"),
        "grouped-query; RMSNorm over whole projections, optional clip_qkv",
        "softmax over all experts, then top-k; renormalised only with norm_topk_prob",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    double clip =
        config.missingOrNull("clip_qkv")
            ? Double.POSITIVE_INFINITY
            : config.aboveZero("clip_qkv", 1);
    Projections projections =
        new Projections(
            Biases.all(config.flag("attention_bias", false)),
            QueryKeyNorm.WHOLE,
            clip,
            false,
            OutputGate.NONE);
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections),
        layer -> experts(decoder.decoder(), config, layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_experts", "num_local_experts"), 64);
    int topK = config.count("num_experts_per_tok", 8);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    boolean renormalise = config.flag("norm_topk_prob", false);
    return decoder.sparse(
        layer,
        SoftmaxRouterDesign.plain(gate, topK, renormalise),
        ExpertsDesign.of(
            module + ".experts", count, decoder.hidden(), config.positive("intermediate_size")),
        null);
  }
}
