package org.alphaquant.model.design;

import java.util.Optional;
import java.util.function.IntFunction;
import org.alphaquant.architecture.ModelConfig;

/** The settings that all decoders with grouped-query attention read from config.json. */
public record GroupedQueryDecoder(
    ModelConfig config, DecoderConfig decoder, HeadShape heads, RotaryConfig rotary) {

  /** In the plain style. */
  public static GroupedQueryDecoder read(ModelSource source, Defaults defaults) {
    return read(source, defaults, Style.PLAIN);
  }

  /** Reads the usual keys. */
  public static GroupedQueryDecoder read(ModelSource source, Defaults defaults, Style style) {
    ModelConfig config = source.config();
    DecoderConfig decoder =
        DecoderConfig.read(source, defaults.epsilon(), defaults.positions(), style);
    HeadShape heads = HeadShape.read(config, defaults.keyHeads(), defaults.headDimension());
    RotaryConfig rotary =
        defaults.rotaryPart() == 1
            ? RotaryConfig.read(config, defaults.theta(), decoder.positions())
            : RotaryConfig.readPartial(
                config, defaults.theta(), decoder.positions(), defaults.rotaryPart());
    return new GroupedQueryDecoder(config, decoder, heads, rotary);
  }

  /** Attention in its usual place, that sees all keys. */
  public GroupedQueryDesign attention(int layer, Projections projections) {
    return attention(layer, projections, Scores.of(heads));
  }

  /** Attention in its usual place. */
  public GroupedQueryDesign attention(int layer, Projections projections, Scores scores) {
    return new GroupedQueryDesign(
        decoder.layer(layer) + "self_attn",
        decoder.attentionResidual(layer),
        heads,
        Optional.of(rotary.design(heads.dimension(), false)),
        projections,
        scores);
  }

  /** One rotation of the family's heads. */
  public RotaryDesign rotation(boolean interleaved) {
    return rotary.design(heads.dimension(), interleaved);
  }

  /** The usual dense block, {@code intermediate_size} wide. */
  public DenseDesign dense(int layer, boolean bias) {
    return decoder.dense(layer, config.positive("intermediate_size"), bias);
  }

  /** The whole model, layer by layer. */
  public Blueprint blueprint(
      IntFunction<? extends AttentionDesign> attention,
      IntFunction<? extends FeedForwardDesign> feedForward) {
    return decoder.blueprint(attention, feedForward);
  }
}
