package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.alphaquant.job.Coverage;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.DenseFeedForward;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.SharedExpert;
import org.alphaquant.moe.Utilization;
import org.alphaquant.moe.Utilization.Counts;
import org.alphaquant.torch.TensorScope;

/**
 * Quantizes one decoder layer, or keeps what its linears read, on the residual stream that enters
 * it, stage after stage: what a stage's linears read is computed with the quantized weights of the
 * stages before (true sequential), and the stream that leaves the layer is that of the quantized
 * layer.
 */
final class LayerQuantizer {

  private final Stages stages;
  private final ExpertStage experts;
  private final RoutingWeight weighting;
  private final Coverage coverage;
  private final EvidenceRows evidence;
  private final Map<Integer, String> cached;
  private final Optional<HeldOut> held;
  private final Rank rank;

  /**
   * @param coverage which tokens each expert is calibrated on
   * @param evidence what tokens count beside their routing weight
   * @param cached attention modules by layer whose keys and values get scales for a cache
   * @param held which sequences are held out, if any are
   * @param rank this device's place in its group, whose devices divide the samples
   */
  LayerQuantizer(
      Stages stages,
      ExpertStage experts,
      RoutingWeight weighting,
      Coverage coverage,
      EvidenceRows evidence,
      Map<Integer, String> cached,
      Optional<HeldOut> held,
      Rank rank) {
    this.held = held;
    this.rank = rank;
    this.stages = stages;
    this.experts = experts;
    this.weighting = weighting;
    this.coverage = coverage;
    this.evidence = evidence;
    this.cached = cached;
  }

  /**
   * Quantizes layer {@code index} and advances {@code stream} through it. What every token passes
   * all devices of a group solve alike, and the first one keeps it.
   */
  void quantize(
      TensorScope scope, int index, DecoderLayer layer, ResidualStream stream, LayerResult result) {
    LayerResult alike = rank.isFirst() ? result : LayerResult.ignored();
    attention(scope, index, layer.attention(), stream, alike);
    if (layer.feedForward() instanceof MoeFeedForward moe) {
      mixture(scope, index, moe, stream, result, alike);
    } else if (layer.feedForward() instanceof DenseFeedForward dense) {
      dense(scope, dense, stream, alike);
    }
  }

  private void attention(
      TensorScope parent,
      int index,
      Attention attention,
      ResidualStream stream,
      LayerResult result) {
    int last = attention.stages().size() - 1;
    if (last < 0) {
      return;
    }
    for (int s = 0; s < last; s++) {
      List<Linear> linears = attention.stages().get(s);
      if (stages.wants(linears)) {
        int stage = s;
        try (TensorScope scope = parent.child("attention")) {
          CalibratedInput input =
              input(scope, linears, stream, (work, x) -> attention.input(work, stage, x), result);
          stages.take(scope, linears, input, result);
        }
      }
    }
    if (cached.containsKey(index)) {
      result.add(CacheCalibration.scales(parent, cached.get(index), attention, stream, rank));
    }
    if (stages.wants(attention.stages().get(last))) {
      output(parent, attention, last, stream, result);
    } else {
      long start = System.nanoTime();
      stream.advance("attention", attention::forward);
      result.took("forward", start, parent);
    }
  }

  // What the output projection reads is all of attention: it is kept until that is quantized.
  private void output(
      TensorScope parent,
      Attention attention,
      int last,
      ResidualStream stream,
      LayerResult result) {
    List<Linear> linears = attention.stages().get(last);
    try (TensorScope scope = parent.child("attention output")) {
      List<NDArray> read = new ArrayList<>();
      BiFunction<TensorScope, NDArray, NDArray> attended =
          (work, x) -> {
            NDArray rows = attention.input(work, last, x);
            read.add(work.keep(scope, rows));
            return rows;
          };
      stages.take(scope, linears, input(scope, linears, stream, attended, result), result);
      long start = System.nanoTime();
      Iterator<NDArray> rows = read.iterator();
      stream.advance("attention", (work, x) -> attention.output(work, x, rows.next()));
      result.took("forward", start, parent);
    }
  }

  private void dense(
      TensorScope parent, DenseFeedForward dense, ResidualStream stream, LayerResult result) {
    List<Linear> first = dense.gateAndUp();
    try (TensorScope scope = parent.child("feed-forward")) {
      if (stages.wants(first)) {
        stages.take(scope, first, input(scope, first, stream, dense::input, result), result);
      }
      List<Linear> down = List.of(dense.down());
      if (stages.wants(down)) {
        BiFunction<TensorScope, NDArray, NDArray> input =
            (work, x) -> dense.activation(work, dense.input(work, x));
        stages.take(scope, down, input(scope, down, stream, input, result), result);
      }
    }
    long start = System.nanoTime();
    stream.advance("feed-forward", dense::forward);
    result.took("forward", start, parent);
  }

  /** What {@code linears} read of the whole stream: {@code input} of each micro-batch. */
  CalibratedInput input(
      TensorScope scope,
      List<Linear> linears,
      ResidualStream stream,
      BiFunction<TensorScope, NDArray, NDArray> input,
      LayerResult result) {
    long start = System.nanoTime();
    NDArray like = linears.get(0).weight();
    Sums sums = new Sums(scope, like, like.getShape().get(1));
    NDArray largest = scope.run("tensor.zeros", like, 1);
    boolean asked = stages.asksForLargest(linears);
    int first = 0;
    for (NDArray x : stream.microBatches()) {
      try (TensorScope work = scope.child("hessian")) {
        NDArray rows = input.apply(work, x);
        sums.add(work, rows, evidence.of(work, rows, first));
        first += Math.toIntExact(rows.getShape().get(0));
        if (asked) {
          largest = work.keep(scope, work.run("tensor.largest", rows, largest));
        }
      }
    }
    CalibratedInput calibrated = sums.of(scope, largest);
    result.took("hessian", start, scope);
    return calibrated;
  }

  /** A Hessian of what every token passes, and the part of it that is held out. */
  private final class Sums {

    private final NDArray hessian;
    private final NDArray heldOut;
    private long tokens;

    Sums(TensorScope scope, NDArray like, long width) {
      hessian = scope.run("tensor.zeros_square", like, width);
      heldOut = held.isEmpty() ? null : scope.run("tensor.zeros_square", like, width);
    }

    void add(TensorScope work, NDArray rows, NDArray weights) {
      long count = rows.getShape().get(0);
      Optional<GramSums> sums = GramSums.of(work);
      if (sums.isPresent()) {
        List<HeldOut.Run> runs = held.map(some -> some.runs(tokens, count)).orElse(List.of());
        sums.get().add(hessian, rows, weights, heldOut, runs);
      } else {
        addByScript(work, hessian, rows, weights);
        held.ifPresent(some -> some.accumulate(work, heldOut, rows, weights, tokens));
      }
      tokens += count;
    }

    CalibratedInput of(TensorScope scope, NDArray largest) {
      NDList sums = heldOut == null ? new NDList(hessian) : new NDList(hessian, heldOut);
      rank.reduce(scope, sums, new NDList(largest));
      return new CalibratedInput(
          hessian.expandDims(0), heldOut == null ? null : heldOut.expandDims(0), largest);
    }
  }

  private void mixture(
      TensorScope parent,
      int index,
      MoeFeedForward block,
      ResidualStream stream,
      LayerResult result,
      LayerResult alike) {
    try (TensorScope scope = parent.child("mixture of experts")) {
      NDArray h = cached(scope, block, stream);
      // Attention leaves many small blocks in the cache, which no batch of experts fits in. With
      // several devices, each of which holds a part, all their caches would be emptied for one.
      long start = System.nanoTime();
      if (rank.size() == 1) {
        scope.makeRoom();
      }
      result.took("free", start, scope);
      routers(scope, block, h, alike);
      Routing routing = block.route(scope, h);
      Routing covered = covered(scope, block, h, routing);
      long width = h.getShape().get(1);
      result.routing(
          utilization(
              scope,
              index,
              routing,
              evidence.covered(scope, covered, index, weighting),
              block.experts(),
              width));
      block.shared().ifPresent(shared -> shared(scope, shared, block.sharedInput(scope, h), alike));
      NDArray read = block.expertInput(scope, h, covered);
      NDArray y = block.beforeExperts(scope, h, read);
      Routing sent = block.expertRouting(scope, routing, block.topK());
      Routing taught = sent;
      if (covered != routing) {
        int all = (int) covered.experts().getShape().get(1);
        sent = block.scalesInputs() ? block.expertRouting(scope, covered, block.topK()) : sent;
        taught = block.expertRouting(scope, covered, all);
      }
      Routing counted = evidence.covered(scope, taught, index, weighting);
      experts.take(scope, block, read, sent, counted, y, result);
      advance(stream, block, block.output(scope, h, y));
    }
  }

  private Utilization utilization(
      TensorScope parent, int index, Routing routing, Routing covered, int experts, long width) {
    try (TensorScope scope = parent.child("utilization")) {
      Counts natural = counts(scope, routing, experts, weighting);
      Counts calibrated =
          covered == routing
              ? natural
              : counts(scope, covered, experts, evidence.weighting(weighting));
      long tokens = rank.all(routing.experts().getShape().get(0)).stream().reduce(0L, Long::sum);
      int topK = (int) routing.experts().getShape().get(1);
      return Utilization.of(index, width, tokens, topK, natural, calibrated);
    }
  }

  // Of the tokens of all devices.
  private Counts counts(TensorScope scope, Routing routing, int experts, RoutingWeight by) {
    NDList counts = Counts.arrays(scope, routing, experts, by.power());
    rank.sum(scope, counts.toArray(NDArray[]::new));
    return Counts.of(scope, counts);
  }

  private Routing covered(TensorScope scope, MoeFeedForward block, NDArray h, Routing routing) {
    int count = coverage.expertsPerToken(block.topK(), block.experts());
    return count == block.topK() ? routing : block.router().widened(scope, h, count);
  }

  // Whatever decides by h how much an expert counts: its quantized weights then route the tokens.
  private void routers(TensorScope parent, MoeFeedForward block, NDArray h, LayerResult result) {
    List<Linear> linears = new ArrayList<>(List.of(block.router().linear()));
    block.shared().flatMap(SharedExpert::gating).ifPresent(linears::add);
    if (stages.wants(linears)) {
      try (TensorScope scope = parent.child("router")) {
        NDArray once = evidence.of(scope, h, 0);
        NDArray read = block.router().input(scope, h);
        stages.take(scope, linears, input(scope, read, once, result), result);
      }
    }
  }

  // The block's input of all tokens, once: everything in the block is computed from it.
  private static NDArray cached(TensorScope scope, MoeFeedForward block, ResidualStream stream) {
    NDList rows = new NDList();
    try (TensorScope work = scope.child("block input")) {
      for (NDArray x : stream.microBatches()) {
        rows.add(block.input(work, x));
      }
      return work.keep(scope, work.run("tensor.concatenate", rows));
    }
  }

  private void shared(TensorScope scope, SharedExpert shared, NDArray h, LayerResult result) {
    NDArray weights =
        shared
            .gateWeights(scope, h)
            .map(p -> scope.run("hessian.token_weight", p.reshape(-1), weighting.power()))
            .map(counted -> evidence.besides(scope, counted))
            .orElseGet(() -> evidence.of(scope, h, 0));
    List<Linear> first = shared.gateAndUp();
    if (stages.wants(first)) {
      stages.take(scope, first, input(scope, h, weights, result), result);
    }
    List<Linear> down = List.of(shared.down());
    if (stages.wants(down)) {
      try (TensorScope work = scope.child("shared expert")) {
        NDArray activation = shared.activation(work, h);
        stages.take(work, down, input(work, activation, weights, result), result);
      }
    }
  }

  private CalibratedInput input(
      TensorScope scope, NDArray rows, NDArray weights, LayerResult result) {
    long start = System.nanoTime();
    Sums sums = new Sums(scope, rows, rows.getShape().get(1));
    sums.add(scope, rows, weights);
    NDArray largest = scope.run("tensor.largest", rows, scope.run("tensor.zeros", rows, 1));
    CalibratedInput calibrated = sums.of(scope, largest);
    result.took("hessian", start, scope);
    return calibrated;
  }

  /** Adds rows, each counting its weight, to a Hessian. */
  static void accumulate(TensorScope scope, NDArray hessian, NDArray rows, NDArray weights) {
    Optional<GramSums> sums = GramSums.of(scope);
    if (sums.isPresent()) {
      sums.get().add(hessian, rows, weights, null, List.of());
    } else {
      addByScript(scope, hessian, rows, weights);
    }
  }

  static void addByScript(TensorScope scope, NDArray hessian, NDArray rows, NDArray weights) {
    scope.runInPlace("hessian.add_rows", hessian, rows, weights, Dispatch.ROWS);
  }

  private static void advance(ResidualStream stream, MoeFeedForward block, NDArray y) {
    long[] row = {0};
    stream.advance(
        "feed-forward",
        (work, x) -> {
          long rows = x.getShape().get(0) * x.getShape().get(1);
          row[0] += rows;
          NDArray own = work.run("weights.rows", y, row[0] - rows, row[0], 1);
          return block.join(work, x, own);
        });
  }
}
