package org.alphaquant.model.deepseekv32;

import java.util.List;
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

/** DeepSeek-V3.2: DeepSeek-V3 whose queries attend to the keys that an indexer chooses. */
public final class DeepseekV32Family implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(256, 8, 8, 4, 2.5, 3);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "deepseek_v32",
        List.of("DeepseekV32ForCausalLM"),
        "latent; an indexer chooses index_topk keys for each query of longer sequences",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 163_840, Style.PLAIN);
    LatentShape shape = LatentShape.read(config, LatentShape.DEEPSEEK);
    RotaryConfig rotary = RotaryConfig.read(config, 10_000, decoder.positions());
    boolean bias = config.flag("attention_bias", false);
    return decoder.blueprint(
        layer ->
            LatentDesign.of(decoder, layer, shape, rotary, true, bias)
                .choosing(IndexerDesign.read(decoder, config, layer, false)),
        layer -> EXPERTS.feedForward(source, decoder, layer));
  }
}
