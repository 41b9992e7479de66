package org.alphaquant.model.design;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The settings that every decoder has.
 *
 * @param prefix what comes before {@code layers.0.} in tensor names
 * @param epsilon of every norm of width {@code hidden}
 * @param positions {@code max_position_embeddings}
 * @param layerNorm whether those norms are LayerNorm rather than RMSNorm
 */
public record DecoderConfig(
    String prefix,
    String head,
    int layers,
    long hidden,
    long vocabulary,
    double epsilon,
    long positions,
    boolean tied,
    boolean layerNorm,
    boolean headBias,
    Multipliers multipliers) {

  private static final int MOST_LAYERS = 10_000;

  /**
   * Reads the usual keys.
   *
   * @param epsilon what a missing {@code rms_norm_eps} means
   * @param positions what a missing {@code max_position_embeddings} means
   */
  public static DecoderConfig read(ModelSource source, double epsilon, long positions) {
    ModelConfig config = source.config();
    config.oneOf("hidden_act", "silu", Set.of("silu", "swish"));
    long layers = config.positive("num_hidden_layers");
    if (layers > MOST_LAYERS) {
      throw config.wrong("num_hidden_layers", "is " + layers + ", above " + MOST_LAYERS);
    }
    return new DecoderConfig(
        source.prefix(),
        source.head(),
        (int) layers,
        config.positive("hidden_size"),
        config.positive("vocab_size"),
        config.number("rms_norm_eps", epsilon),
        config.positive("max_position_embeddings", positions),
        config.flag("tie_word_embeddings", false),
        false,
        false,
        Multipliers.NONE);
  }

  /** The same with LayerNorm in place of RMSNorm. */
  public DecoderConfig withLayerNorm() {
    return new DecoderConfig(
        prefix,
        head,
        layers,
        hidden,
        vocabulary,
        epsilon,
        positions,
        tied,
        true,
        headBias,
        multipliers);
  }

  /** The same with or without a bias on the head. */
  public DecoderConfig withHeadBias(boolean bias) {
    return new DecoderConfig(
        prefix,
        head,
        layers,
        hidden,
        vocabulary,
        epsilon,
        positions,
        tied,
        layerNorm,
        bias,
        multipliers);
  }

  /** The same with constant factors. */
  public DecoderConfig withMultipliers(Multipliers factors) {
    return new DecoderConfig(
        prefix,
        head,
        layers,
        hidden,
        vocabulary,
        epsilon,
        positions,
        tied,
        layerNorm,
        headBias,
        factors);
  }

  /** Name prefix of a layer's tensors, ending in a dot. */
  public String layer(int index) {
    return prefix + "layers." + index + ".";
  }

  /** A norm of the residual stream. */
  NormDesign norm(String name) {
    return new NormDesign(name, hidden, epsilon, layerNorm);
  }

  private NormDesign feedForwardNorm(int index) {
    return norm(layer(index) + "post_attention_layernorm");
  }

  /** A dense SwiGLU block {@code mlp} of the given width. */
  public DenseDesign dense(int index, long width, boolean bias) {
    SwiGluDesign mlp = SwiGluDesign.of(layer(index) + "mlp", hidden, width, bias);
    return new DenseDesign(feedForwardNorm(index), mlp, multipliers.residual());
  }

  /** A mixture of experts behind the layer's norm. */
  public MoeDesign sparse(
      int index, RouterDesign router, ExpertsDesign experts, SharedExpertDesign sharedOrNull) {
    return new MoeDesign(
        feedForwardNorm(index),
        router,
        experts,
        Optional.ofNullable(sharedOrNull),
        multipliers.residual());
  }

  /** Ordinary attention without biases, norms, clipping or window. */
  public GroupedQueryDesign attention(int index, HeadShape heads, RotaryDesign rotary) {
    return GroupedQueryDesign.plain(this, index, heads, rotary);
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
