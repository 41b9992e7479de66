package org.alphaquant.model.kimik2;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.deepseekv3.DeepseekV3Family;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;

/** Kimi K2 (arXiv 2507.20534): DeepSeek-V3 under its own name. */
public final class KimiK2Family implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "kimi_k2",
        List.of("KimiK2ForCausalLM"),
        "latent, with or without query compression; YaRN",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    return new DeepseekV3Family().blueprint(source);
  }
}
