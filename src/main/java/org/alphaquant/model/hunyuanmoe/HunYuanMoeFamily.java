package org.alphaquant.model.hunyuanmoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.hunyuandense.HunYuanAttention;

/**
 * Hunyuan-A13B: queries and keys normalised after the rotation, every layer sparse beside a shared
 * MLP.
 */
public final class HunYuanMoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 2048, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "hunyuan_v1_moe",
        List.of("HunYuanMoEV1ForCausalLM"),
        "grouped-query; RMSNorm per head after rotation",
        "softmax over all experts, then top-k, always renormalised",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    if (config.integerOrNull("num_shared_expert").orElse(1) != 1) {
      throw config.wrong("num_shared_expert", "is not 1, the only number supported");
    }
    config.refuse("use_cla", true);
    GroupedQueryDecoder decoder = HunYuanAttention.read(source, DEFAULTS);
    Projections projections = HunYuanAttention.projections(config);
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections),
        layer -> experts(decoder.decoder(), config, layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    int count = Math.toIntExact(ofLayer(config, "num_experts", layer));
    int topK = Math.toIntExact(ofLayer(config, "moe_topk", layer));
    LinearDesign gate = new LinearDesign(module + ".gate.wg", count, decoder.hidden());
    long shared = config.positive("intermediate_size");
    long width =
        config.missing("moe_intermediate_size")
            ? shared
            : ofLayer(config, "moe_intermediate_size", layer);
    return decoder.sparse(
        layer,
        SoftmaxRouterDesign.plain(gate, topK, true),
        ExpertsDesign.of(module + ".experts", count, decoder.hidden(), width),
        new SharedExpertDesign(
            MlpDesign.of(
                module + ".shared_mlp",
                decoder.hidden(),
                shared,
                false,
                decoder.style().activation())));
  }

  // One number for all layers, or a list with one for each.
  private static long ofLayer(ModelConfig config, String key, int layer) {
    if (config.missingOrNull(key) || !config.root().get(key).isArray()) {
      return config.count(key, 1);
    }
    List<Long> values = config.integersOrNull(key);
    if (layer >= values.size()) {
      throw config.wrong(key, "has " + values.size() + " entries, fewer than layers");
    }
    return values.get(layer);
  }
}
