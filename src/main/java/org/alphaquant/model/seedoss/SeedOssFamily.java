package org.alphaquant.model.seedoss;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;

/** Seed-OSS: Llama with biases on queries, keys and values. */
public final class SeedOssFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 524_288, 8, 128, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "seed_oss",
        List.of("SeedOssForCausalLM"),
        "grouped-query; biases with attention_bias and attention_out_bias",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Biases biases =
        new Biases(config.flag("attention_bias", true), config.flag("attention_out_bias", false));
    boolean mlpBias = config.flag("mlp_bias", false);
    return decoder.blueprint(
        layer -> decoder.attention(layer, Projections.of(biases)),
        layer -> decoder.dense(layer, mlpBias));
  }
}
