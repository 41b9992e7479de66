package org.alphaquant.model.ernie45;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.Style;

/** ERNIE 4.5, dense: Llama with neighbouring pairs rotated. */
public final class Ernie45Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 2, 128, 500_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "ernie4_5",
        List.of("Ernie4_5ForCausalLM", "Ernie4_5_ForCausalLM"),
        "grouped-query; rotary on neighbouring pairs; biases with use_bias",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, Style.PLAIN.tiedUnlessSaid());
    boolean bias = decoder.config().flag("use_bias", false);
    Optional<RotaryDesign> rotary = Optional.of(decoder.rotation(true));
    return decoder.blueprint(
        layer -> decoder.attention(layer, Projections.of(Biases.all(bias))).rotated(rotary),
        layer -> decoder.dense(layer, bias));
  }
}
