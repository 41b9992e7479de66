package org.alphaquant.traffic;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;

/**
 * Weighs a text so that the model routes it like the traffic. Of all weights that give each expert
 * its share, those that differ least from one are taken, which is an exponential tilt of the
 * experts' counts (Deming and Stephan 1940; with a penalty as Dudík, Phillips and Schapire 2007,
 * JMLR 8); how near it goes is bounded by how much of the text has to count. What is left goes into
 * factors of single experts, none of which is larger than the square root of the number of pairs
 * (Ionides 2008, Truncated importance sampling).
 *
 * @param counts of the traffic
 * @param effective least part of the text that has to count
 */
public record TrafficWeights(ExpertCounts counts, double effective) {

  private static final int SPAN = 16;
  private static final long MOST_NUMBERS = 1L << 25;

  /** Weights of a text and how near they come. */
  public record Weighed(Evidence evidence, TrafficFit fit) {}

  /**
   * Weighs a text by one pass through the model.
   *
   * @param tokens [samples][length]
   * @param origin where the counts came from, for the report; null where they were given
   * @param layer is told the number of each layer before it is passed; an exception ends the pass
   */
  public Weighed of(
      TensorScope parent,
      Model model,
      long[][] tokens,
      int tokensPerBatch,
      String origin,
      IntConsumer layer) {
    int span = span(tokens);
    try (TensorScope scope = parent.child("traffic")) {
      NavigableMap<Integer, NDArray> routed =
          routed(scope, model, tokens, span, tokensPerBatch, layer);
      NDList all = new NDList();
      NDList targets = new NDList();
      routed.forEach(
          (index, own) -> {
            all.add(own);
            float[] shares = floats(counts.shares(index));
            targets.add(scope.floats(shares, shares.length));
          });
      NDArray weights = scope.run("traffic.tilt", all, targets, effective);
      NDArray sizes = scope.run("traffic.sizes", all.get(0));
      double effectiveNow = scope.run("traffic.effective", weights, sizes).getFloat();
      return weighed(scope, routed, weights, tokens, span, effectiveNow, origin);
    }
  }

  /**
   * Factors of experts whose tokens were counted before; no token of theirs counts more than
   * another.
   *
   * @param tokens of every expert by layer
   * @param origin where the counts came from; null where they were given
   */
  public Weighed ofCounts(Map<Integer, long[]> tokens, String origin) {
    Fitting fitting = new Fitting();
    tokens.forEach(
        (layer, own) -> {
          double pairs = Arrays.stream(own).sum();
          float[] shares = new float[own.length];
          for (int e = 0; e < shares.length; e++) {
            shares[e] = (float) (own[e] / Math.max(1, pairs));
          }
          fitting.add(layer, counts.shares(layer), shares, shares, pairs);
        });
    return new Weighed(
        new Evidence(1, new float[0][], fitting.factors), fitting.fit(counts, origin, 1, 1));
  }

  /** What comes of one layer after the other. */
  private static final class Fitting {
    private final Map<Integer, float[]> factors = new TreeMap<>();
    private final List<TrafficFit.Layer> layers = new ArrayList<>();
    private final List<String> unseen = new ArrayList<>();

    void add(int layer, double[] wanted, float[] plain, float[] now, double pairs) {
      factors.put(layer, factors(wanted, now, pairs));
      layers.add(
          new TrafficFit.Layer(layer, distance(wanted, plain), distance(wanted, now), wanted));
      for (int e = 0; e < wanted.length; e++) {
        if (wanted[e] > 0 && plain[e] == 0) {
          unseen.add(layer + "." + e);
        }
      }
    }

    TrafficFit fit(ExpertCounts counts, String origin, int span, double effective) {
      return new TrafficFit(counts.sha256(), origin, span, effective, layers, unseen);
    }
  }

  // Spans grow where all of them would not fit.
  private int span(long[][] tokens) {
    long experts = counts.layers().values().stream().mapToLong(layer -> layer.length).sum();
    int length = tokens[0].length;
    int span = Math.min(SPAN, length);
    while (span < length && experts * tokens.length * ((length + span - 1) / span) > MOST_NUMBERS) {
      span = Math.min(length, 2 * span);
    }
    return span;
  }

  private NavigableMap<Integer, NDArray> routed(
      TensorScope scope,
      Model model,
      long[][] tokens,
      int span,
      int tokensPerBatch,
      IntConsumer told) {
    NavigableMap<Integer, NDArray> routed = new TreeMap<>();
    try (ResidualStream stream = ResidualStream.embed(scope, model, tokens, tokensPerBatch)) {
      for (int i = 0; i <= counts.layers().lastKey(); i++) {
        told.accept(i);
        try (TensorScope loading = scope.child("layer " + i)) {
          DecoderLayer layer = model.layer(loading, i);
          if (layer.feedForward() instanceof MoeFeedForward moe) {
            SpanCounts own = new SpanCounts(scope, moe.experts(), tokens[0].length, span);
            stream.advance(layer, own);
            routed.put(i, own.counts());
          } else {
            stream.advance(layer);
          }
        }
      }
    }
    return routed;
  }

  private Weighed weighed(
      TensorScope scope,
      NavigableMap<Integer, NDArray> routed,
      NDArray weights,
      long[][] tokens,
      int span,
      double effectiveNow,
      String origin) {
    Fitting fitting = new Fitting();
    routed.forEach(
        (index, own) ->
            fitting.add(
                index,
                counts.shares(index),
                scope.toFloats(scope.run("traffic.shares", own, scope.run("traffic.even", own))),
                scope.toFloats(scope.run("traffic.shares", own, weights)),
                scope.run("traffic.pairs", own).getFloat()));
    float[] flat = scope.toFloats(weights);
    int each = flat.length / tokens.length;
    float[][] bySample = new float[tokens.length][each];
    for (int i = 0; i < flat.length; i++) {
      bySample[i / each][i % each] = flat[i];
    }
    return new Weighed(
        new Evidence(span, bySample, fitting.factors),
        fitting.fit(counts, origin, span, effectiveNow));
  }

  /**
   * What an expert's pairs have to count for its part of them to be the traffic's.
   *
   * @param wanted shares of the traffic
   * @param now shares of the text
   * @param pairs (token, slot) pairs of the layer
   */
  public static float[] factors(double[] wanted, float[] now, double pairs) {
    double most = Math.max(1, Math.sqrt(pairs));
    float[] factors = new float[wanted.length];
    for (int e = 0; e < factors.length; e++) {
      double factor = now[e] == 0 ? 1 : wanted[e] / now[e];
      factors[e] = (float) Math.min(most, Math.max(1 / most, factor));
    }
    return factors;
  }

  private static double distance(double[] wanted, float[] now) {
    double sum = 0;
    for (int e = 0; e < wanted.length; e++) {
      sum += Math.abs(wanted[e] - now[e]);
    }
    return sum / 2;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
