package org.alphaquant.model.deepseekv3;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.LatentDesign;
import org.alphaquant.model.design.LatentShape;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Style;

/** DeepSeek-V3: the stored bias chooses experts but does not weight them. */
public final class DeepseekV3Family implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(256, 8, 8, 4, 2.5, 3);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "deepseek_v3",
        List.of("DeepseekV3ForCausalLM"),
        "latent, with or without query compression; YaRN",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("scoring_func", "sigmoid", Set.of("sigmoid"));
    config.oneOf("topk_method", "noaux_tc", Set.of("noaux_tc"));
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 4096, Style.PLAIN);
    LatentShape shape = LatentShape.read(config, LatentShape.DEEPSEEK);
    RotaryConfig rotary = RotaryConfig.read(config, 10_000, decoder.positions());
    boolean bias = config.flag("attention_bias", false);
    boolean interleaved = config.flag("rope_interleave", true);
    return decoder.blueprint(
        layer -> LatentDesign.of(decoder, layer, shape, rotary, interleaved, bias),
        layer -> EXPERTS.feedForward(source, decoder, layer));
  }
}
