package org.alphaquant.model.llama;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;

/** Llama: plain grouped-query attention and dense SwiGLU. */
public final class LlamaFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "llama",
        List.of("LlamaForCausalLM"),
        "grouped-query; biases with attention_bias; llama3 rotary scaling",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 2048);
    HeadShape heads = HeadShape.read(config, 0, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    boolean attentionBias = config.flag("attention_bias", false);
    boolean mlpBias = config.flag("mlp_bias", false);
    long width = config.positive("intermediate_size");
    return decoder.blueprint(
        layer -> decoder.attention(layer, heads, rotary).withBiases(attentionBias, attentionBias),
        layer -> decoder.dense(layer, width, mlpBias));
  }
}
