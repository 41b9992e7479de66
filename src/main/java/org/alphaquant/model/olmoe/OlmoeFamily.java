package org.alphaquant.model.olmoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/** OLMoE-1B-7B and its like; every layer is sparse. */
public final class OlmoeFamily implements ModelFamily {

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
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-5, 4096);
    HeadShape heads = HeadShape.read(config, 0, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("attention_bias", false);
    double clip = config.numberOrNull("clip_qkv").orElse(Double.POSITIVE_INFINITY);
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, heads, rotary)
                .withBiases(bias, bias)
                .withNorm(QueryKeyNorm.WHOLE)
                .withClip(clip),
        layer -> experts(decoder, config, layer));
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
        new ExpertsDesign(
            module + ".experts",
            ExpertsDesign.PROJECTIONS,
            count,
            decoder.hidden(),
            config.positive("intermediate_size")),
        null);
  }
}
