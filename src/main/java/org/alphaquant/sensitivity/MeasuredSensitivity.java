package org.alphaquant.sensitivity;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.allocate.Unit;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.model.Model;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.torch.TensorScope;

/**
 * Divergence KL(original ‖ variant) of the next token's distribution, in nats a token, of the
 * variants of a model that have one unit quantized and all else as it was. A variant is the
 * original up to its unit's layer, so that the original's stream is taken along and every variant
 * starts where it first differs; the variants of a layer go through the rest of the model together,
 * each layer being loaded once for all of them.
 */
public final class MeasuredSensitivity {

  // Logits of both models, as such and as logarithms, and their difference.
  private static final int LOGITS_COPIES = 6;

  private final TensorScope parent;
  private final RecognisedModel model;
  private final long[][] tokens;
  private final float[] weights;
  private final Sizes sizes;

  /**
   * How memory is used.
   *
   * @param tokensPerBatch tokens that run through a layer at once
   * @param variants variants of a layer that are taken along together
   * @param logits bytes of logits that exist at once
   */
  public record Sizes(int tokensPerBatch, int variants, long logits) {}

  /** Is told of every layer's units; an exception from it ends the measuring. */
  public interface LayerDone {
    /**
     * @param layer whose units are measured, counted from 0
     * @param costs by the units' names
     */
    void accept(int layer, Map<String, Double> costs);
  }

  /**
   * @param tokens held-out token ids [n][S]
   * @param weights what each token counts, [n·S], one on average; null for all the same
   */
  public MeasuredSensitivity(
      TensorScope parent, RecognisedModel model, long[][] tokens, float[] weights, Sizes sizes) {
    this.parent = parent;
    this.model = model;
    this.tokens = tokens;
    this.weights = weights == null ? null : weights.clone();
    this.sizes = sizes;
  }

  /**
   * Measures.
   *
   * @param units in the order of their layers
   * @param plan what they were solved by
   * @param solved the layers' files, with solutions
   */
  public void measure(
      List<Unit> units, QuantizationPlan plan, List<SafetensorsFile> solved, LayerDone done) {
    try (TensorScope scope = parent.child("sensitivity")) {
      Model original = model.open(scope);
      int layers = original.description().layers();
      ResidualStream last = embedded(scope, original);
      for (int i = 0; i < layers; i++) {
        advance(scope, last, original, i);
      }
      ResidualStream stream = embedded(scope, original);
      for (int i = 0; i < layers; i++) {
        int layer = i;
        List<Unit> own = units.stream().filter(unit -> unit.firstLayer() == layer).toList();
        Map<String, Double> costs = new LinkedHashMap<>();
        for (int first = 0; first < own.size(); first += sizes.variants()) {
          List<Unit> some = own.subList(first, Math.min(own.size(), first + sizes.variants()));
          try (TensorScope variants = scope.child("variants")) {
            costs.putAll(costs(variants, some, plan, solved, original, stream, last, layer));
          }
        }
        advance(scope, stream, original, i);
        done.accept(i, costs);
      }
    }
  }

  /** A model with one unit quantized, and its stream. */
  private record Variant(Unit unit, Model model, ResidualStream stream) {}

  private Map<String, Double> costs(
      TensorScope scope,
      List<Unit> units,
      QuantizationPlan plan,
      List<SafetensorsFile> solved,
      Model original,
      ResidualStream stream,
      ResidualStream last,
      int first) {
    List<Variant> variants = new ArrayList<>();
    for (Unit unit : units) {
      Model changed = model.open(scope, new UnitWeights(unit, plan, solved));
      variants.add(new Variant(unit, changed, stream.copied(scope)));
    }
    int layers = original.description().layers();
    for (int i = first; i < layers; i++) {
      int layer = i;
      for (Variant variant : variants) {
        if (variant.unit().layers().contains(layer)) {
          advance(scope, variant.stream(), variant.model(), layer);
        }
      }
      together(scope, original, layer, variants);
    }
    Map<String, Double> costs = new LinkedHashMap<>();
    variants.forEach(
        variant ->
            costs.put(variant.unit().name(), divergence(scope, original, variant.stream(), last)));
    return costs;
  }

  private static void together(
      TensorScope scope, Model original, int index, List<Variant> variants) {
    try (TensorScope loading = scope.child("layer " + index)) {
      DecoderLayer layer = original.layer(loading, index);
      variants.stream()
          .filter(variant -> !variant.unit().layers().contains(index))
          .forEach(variant -> variant.stream().advance(layer));
    }
  }

  private static void advance(TensorScope scope, ResidualStream stream, Model of, int index) {
    try (TensorScope loading = scope.child("layer " + index)) {
      stream.advance(of.layer(loading, index));
    }
  }

  private ResidualStream embedded(TensorScope scope, Model original) {
    return ResidualStream.embed(scope, original, tokens, sizes.tokensPerBatch());
  }

  /** Mean over all tokens, each counting its weight, of KL(original ‖ variant). */
  private double divergence(
      TensorScope scope, Model original, ResidualStream variant, ResidualStream last) {
    long vocabulary = original.description().vocabulary();
    int rows = (int) Math.max(1, sizes.logits() / (LOGITS_COPIES * Float.BYTES * vocabulary));
    double sum = 0;
    int before = 0;
    for (int b = 0; b < last.microBatches().size(); b++) {
      NDArray x = variant.microBatches().get(b);
      NDArray wanted = last.microBatches().get(b);
      int count = Math.toIntExact(x.getShape().get(0) * x.getShape().get(1));
      for (int from = 0; from < count; from += rows) {
        int end = Math.min(count, from + rows);
        try (TensorScope work = scope.child("divergence")) {
          NDArray own = original.logits(work, work.run("evaluation.rows", x, from, end));
          NDArray others = original.logits(work, work.run("evaluation.rows", wanted, from, end));
          sum +=
              weights == null
                  ? work.run("distill.divergence", own, others, 1.0).getFloat()
                  : weighted(work, own, others, before + from, before + end);
        }
      }
      before += count;
    }
    return Math.max(0, sum / last.tokens());
  }

  private float weighted(TensorScope work, NDArray own, NDArray others, int from, int to) {
    NDArray counting = work.floats(Arrays.copyOfRange(weights, from, to), to - from);
    return work.run("distill.weighted_divergence", own, others, counting).getFloat();
  }
}
