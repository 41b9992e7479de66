package org.alphaquant.model.glm4moelite;

import java.util.List;
import java.util.OptionalLong;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.LatentDesign;
import org.alphaquant.model.design.LatentShape;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Style;

/** GLM-4.7-Flash: DeepSeek-V3 whose sparse layers are listed. */
public final class Glm4MoeLiteFamily implements ModelFamily {

  private static final LatentShape WHEN_MISSING =
      LatentShape.whenMissing(OptionalLong.of(768), 512, 192, 64, 256);

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(64, 4, 1, 1, 1.8, 1);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "glm4_moe_lite",
        List.of("Glm4MoeLiteForCausalLM"),
        "latent, with or without query compression",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-5, 202_752, Style.PLAIN);
    LatentShape shape = LatentShape.read(config, WHEN_MISSING);
    RotaryConfig rotary = RotaryConfig.read(config, 10_000, decoder.positions());
    boolean bias = config.flag("attention_bias", false);
    boolean interleaved = config.flag("rope_interleave", true);
    return decoder.blueprint(
        layer -> LatentDesign.of(decoder, layer, shape, rotary, interleaved, bias),
        layer -> EXPERTS.feedForward(source, decoder, layer));
  }
}
