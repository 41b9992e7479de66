package org.alphaquant.model.glmmoedsa;

import java.util.List;
import java.util.OptionalLong;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.IndexerDesign;
import org.alphaquant.model.design.LatentDesign;
import org.alphaquant.model.design.LatentShape;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Style;

/** GLM-5: DeepSeek-V3.2 whose indexer rotates neighbouring pairs. */
public final class GlmMoeDsaFamily implements ModelFamily {

  private static final LatentShape WHEN_MISSING =
      LatentShape.whenMissing(OptionalLong.of(2048), 512, 192, 64, 256);

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(256, 8, 1, 1, 2.5, 3);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "glm_moe_dsa",
        List.of("GlmMoeDsaForCausalLM"),
        "latent; an indexer chooses index_topk keys for each query of longer sequences",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    refuseSharedIndexers(config);
    DecoderConfig decoder = DecoderConfig.read(source, 1e-5, 202_752, Style.PLAIN);
    LatentShape shape = LatentShape.read(config, WHEN_MISSING);
    RotaryConfig rotary = RotaryConfig.read(config, 10_000, decoder.positions());
    boolean bias = config.flag("attention_bias", false);
    return decoder.blueprint(
        layer ->
            LatentDesign.of(decoder, layer, shape, rotary, true, bias)
                .choosing(IndexerDesign.read(decoder, config, layer, true)),
        layer -> EXPERTS.feedForward(source, decoder, layer));
  }

  // A layer that reuses the indexer's choice of an earlier layer cannot be computed by itself.
  private static void refuseSharedIndexers(ModelConfig config) {
    if (config.textsOrNull("indexer_types").contains("shared")) {
      throw config.wrong("indexer_types", "holds 'shared', which is not supported");
    }
    if (config.positive("index_topk_freq", 1) != 1) {
      throw config.wrong("index_topk_freq", "must be 1: every layer has its own indexer");
    }
    if (!config.missingOrNull("index_topk_pattern")) {
      throw config.wrong("index_topk_pattern", "is set, which is not supported");
    }
  }
}
