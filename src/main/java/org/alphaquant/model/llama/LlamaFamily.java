package org.alphaquant.model.llama;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;

/** Llama: plain grouped-query attention and dense SwiGLU. */
public final class LlamaFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 0, 0, 10_000);

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
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Biases biases = Biases.all(decoder.config().flag("attention_bias", false));
    boolean mlpBias = decoder.config().flag("mlp_bias", false);
    return decoder.blueprint(
        layer -> decoder.attention(layer, Projections.of(biases)),
        layer -> decoder.dense(layer, mlpBias));
  }
}
