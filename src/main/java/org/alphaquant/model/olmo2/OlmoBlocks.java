package org.alphaquant.model.olmo2;

import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.DenseDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.ResidualDesign;

/** Blocks without a norm before them and with one behind, as OLMo 2 and its followers have them. */
public final class OlmoBlocks {

  private OlmoBlocks() {}

  /** Projections normalised whole. */
  public static Projections projections(ModelConfig config) {
    return Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.WHOLE);
  }

  /** The norm behind attention. */
  public static ResidualDesign attention(DecoderConfig decoder, int layer) {
    return decoder.before(layer, "post_attention_layernorm");
  }

  /** The norm behind a feed-forward block. */
  public static ResidualDesign feedForward(DecoderConfig decoder, int layer) {
    return decoder.before(layer, "post_feedforward_layernorm");
  }

  /** The dense block with its norm. */
  public static DenseDesign dense(GroupedQueryDecoder model, int layer) {
    long width = model.config().positive("intermediate_size");
    return new DenseDesign(
        feedForward(model.decoder(), layer), model.decoder().mlp(layer, width, false));
  }
}
