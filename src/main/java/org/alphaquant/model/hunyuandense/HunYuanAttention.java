package org.alphaquant.model.hunyuandense;

import java.util.Optional;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;

/** Attention of the Hunyuan models. */
public final class HunYuanAttention {

  private HunYuanAttention() {}

  /** Reads the usual keys; with {@code alpha} the dynamic rotation has one fixed larger theta. */
  public static GroupedQueryDecoder read(ModelSource source, Defaults defaults) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, defaults);
    RotaryConfig rotary = decoder.rotary();
    Optional<Double> alpha = rotary.settings().fromZeroOrNull("alpha").filter(value -> value != 0);
    if (!rotary.type().equals("dynamic") || alpha.isEmpty()) {
      return decoder;
    }
    double dimension = decoder.heads().dimension();
    double theta = rotary.theta() * Math.pow(alpha.get(), dimension / (dimension - 2));
    return new GroupedQueryDecoder(
        decoder.config(),
        decoder.decoder(),
        decoder.heads(),
        rotary.typed("default").withTheta(theta));
  }

  /** Queries and keys normalised after the rotation. */
  public static Projections projections(ModelConfig config) {
    return Projections.of(
        Biases.all(config.flag("attention_bias", false)),
        QueryKeyNorm.PER_HEAD.named("query_layernorm", "key_layernorm").afterRotation());
  }
}
