package org.alphaquant.model.design;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;

/**
 * The settings that every decoder has.
 *
 * @param prefix prefix of {@code layers.0.} in tensor names
 * @param embedding module name of the token embedding
 * @param head module name of the output projection
 * @param lastNorm name of the norm before the head, behind the prefix
 * @param epsilon of every norm of width {@code hidden}
 * @param positions {@code max_position_embeddings}
 */
public record DecoderConfig(
    String prefix,
    String embedding,
    String head,
    int layers,
    long hidden,
    long vocabulary,
    double epsilon,
    long positions,
    boolean tied,
    String lastNorm,
    Style style) {

  private static final int MOST_LAYERS = 10_000;
  private static final String[] EPSILON = {
    "rms_norm_eps", "layer_norm_eps", "norm_eps", "layer_norm_epsilon", "layernorm_epsilon"
  };

  /**
   * Reads the usual keys.
   *
   * @param epsilon default of {@code rms_norm_eps}
   * @param positions default of {@code max_position_embeddings}
   */
  public static DecoderConfig read(
      ModelSource source, double epsilon, long positions, Style style) {
    ModelConfig config = source.config();
    long layers = config.positive("num_hidden_layers");
    if (layers > MOST_LAYERS) {
      throw config.wrong("num_hidden_layers", "is " + layers + ", above " + MOST_LAYERS);
    }
    return read(source, (int) layers, epsilon, positions, style);
  }

  /** The same for families that count their layers otherwise. */
  public static DecoderConfig read(
      ModelSource source, int layers, double epsilon, long positions, Style style) {
    ModelConfig config = source.config();
    if (style.activation() == Activation.SWIGLU) {
      config.oneOf("hidden_act", "silu", Set.of("silu", "swish"));
    }
    return new DecoderConfig(
        source.prefix(),
        source.embedding(),
        source.head(),
        layers,
        config.positive("hidden_size"),
        source.vocabulary(),
        config.aboveZero(config.spelling(EPSILON), epsilon),
        config.positive("max_position_embeddings", positions),
        source.tied(style.tied()),
        "norm",
        style);
  }

  /** The same with another name of the norm before the head. */
  public DecoderConfig withLastNorm(String name) {
    return new DecoderConfig(
        prefix, embedding, head, layers, hidden, vocabulary, epsilon, positions, tied, name, style);
  }

  /** Name prefix of a layer's tensors, ending in a dot. */
  public String layer(int index) {
    return prefix + "layers." + index + ".";
  }

  /** A norm of the residual stream. */
  public NormDesign norm(String name) {
    return new NormDesign(name, hidden, epsilon, style.norm());
  }

  /** A block behind a norm of the layer's. */
  public ResidualDesign behind(int index, String norm) {
    return new ResidualDesign(
        Optional.of(norm(layer(index) + norm)), Optional.empty(), style.multipliers().residual());
  }

  /** A block between two norms of the layer's. */
  public ResidualDesign between(int index, String before, String after) {
    return new ResidualDesign(
        Optional.of(norm(layer(index) + before)),
        Optional.of(norm(layer(index) + after)),
        style.multipliers().residual());
  }

  /** A block whose output alone is normalised. */
  public ResidualDesign before(int index, String norm) {
    return new ResidualDesign(
        Optional.empty(), Optional.of(norm(layer(index) + norm)), style.multipliers().residual());
  }

  /** The usual place of an attention block. */
  public ResidualDesign attentionResidual(int index) {
    return behind(index, "input_layernorm");
  }

  /** The usual place of a feed-forward block. */
  public ResidualDesign feedForwardResidual(int index) {
    return behind(index, "post_attention_layernorm");
  }

  /** A gated block {@code mlp} of the layer's, with separate gate and up. */
  public MlpDesign mlp(int index, long width, boolean bias) {
    return MlpDesign.of(layer(index) + "mlp", hidden, width, bias, style.activation());
  }

  /** The usual dense block of a given width. */
  public DenseDesign dense(int index, long width, boolean bias) {
    return new DenseDesign(feedForwardResidual(index), mlp(index, width, bias));
  }

  /** The usual mixture of experts. */
  public MoeDesign sparse(
      int index, RouterDesign router, ExpertsDesign experts, SharedExpertDesign sharedOrNull) {
    return new MoeDesign(
        feedForwardResidual(index), router, experts, Optional.ofNullable(sharedOrNull));
  }

  /** The whole model, layer by layer. */
  public Blueprint blueprint(
      IntFunction<? extends AttentionDesign> attention,
      IntFunction<? extends FeedForwardDesign> feedForward) {
    List<LayerDesign> designs =
        IntStream.range(0, layers)
            .mapToObj(index -> new LayerDesign(attention.apply(index), feedForward.apply(index)))
            .toList();
    return new Blueprint(this, designs);
  }
}
