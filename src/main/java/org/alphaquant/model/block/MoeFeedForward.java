package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.torch.TensorScope;

/**
 * A mixture of experts: each token visits the k experts its router chooses, and the shared expert
 * where there is one. No token is dropped.
 */
public final class MoeFeedForward implements FeedForward {

  // Experts are held from the first forward to the last when a whole layer of them is this small.
  private static final long RESIDENT_BYTES = 2L << 30;

  private final TensorScope owner;
  private final Residual residual;
  private final Router router;
  private final Experts experts;
  private final SharedExpert shared;
  private final Branches branches;
  private final int topK;
  private ExpertWeights resident;

  /**
   * @param owner the layer's scope
   * @param shared null where the family has no shared expert
   */
  public MoeFeedForward(
      TensorScope owner,
      Residual residual,
      Router router,
      Experts experts,
      SharedExpert shared,
      Branches branches,
      int topK) {
    this.owner = owner;
    this.residual = residual;
    this.router = router;
    this.experts = experts;
    this.shared = shared;
    this.branches = branches;
    this.topK = topK;
  }

  /** Number of routed experts. */
  public int experts() {
    return experts.count();
  }

  /** Experts per token. */
  public int topK() {
    return topK;
  }

  public Router router() {
    return router;
  }

  public Optional<SharedExpert> shared() {
    return Optional.ofNullable(shared);
  }

  /** Module names of an expert's linears, in order of evaluation. */
  public List<String> names(int expert) {
    return experts.names(expert);
  }

  /** Those of the linears that read the block's input: gate and up, or up alone. */
  public List<String> first(int expert) {
    return experts.first(expert);
  }

  /** That of the linear behind the activation. */
  public String down(int expert) {
    return experts.down(expert);
  }

  /** Bytes that one loaded expert takes. */
  public long bytesPerExpert() {
    return experts.bytesEach();
  }

  /** Reads experts from..to-1 into a scope. */
  public ExpertWeights load(TensorScope scope, int from, int to) {
    return experts.load(scope, from, to, true);
  }

  /** The same with room for gate and up, which are known and need not be read. */
  public ExpertWeights loadDown(TensorScope scope, int from, int to) {
    return experts.load(scope, from, to, false);
  }

  /**
   * Computes with these weights of all experts from now on; they stay with their owner.
   *
   * @throws IllegalArgumentException if they are not all
   */
  public void hold(ExpertWeights all) {
    if (all.from() != 0 || all.count() != experts()) {
      throw new IllegalArgumentException(
          "experts %d to %d are given; all %d are needed"
              .formatted(all.from(), all.from() + all.count() - 1, experts()));
    }
    resident = all;
  }

  @Override
  public NDArray input(TensorScope scope, NDArray x) {
    return residual.input(scope, x);
  }

  @Override
  public NDArray join(TensorScope scope, NDArray x, NDArray y) {
    return residual.join(scope, x, y);
  }

  /** Routes rows h [T, H] of {@link #input}. */
  public Routing route(TensorScope scope, NDArray h) {
    return router.route(scope, h);
  }

  /** Whether a score multiplies what an expert reads rather than what it gives. */
  public boolean scalesInputs() {
    return branches.scoresScaleInputs();
  }

  /** What the shared expert reads, [T, H]. */
  public NDArray sharedInput(TensorScope scope, NDArray h) {
    return branches.sharedInput(scope, h);
  }

  /**
   * What routed experts read, [T, H]; one row for each slot where scores scale it.
   *
   * @param routing the widest that is used
   */
  public NDArray expertInput(TensorScope scope, NDArray h, Routing routing) {
    return branches.expertInput(scope, h, routing);
  }

  /**
   * Where the rows of {@link #expertInput} go.
   *
   * @param used slots of each token that count, the best first
   */
  public Routing expertRouting(TensorScope scope, Routing routing, int used) {
    return branches.expertRouting(scope, routing, used);
  }

  /** What the experts' outputs are added to, in the rows of {@link #expertInput}. */
  public NDArray beforeExperts(TensorScope scope, NDArray h, NDArray expertInput) {
    return shared == null || !branches.addUp()
        ? scope.run("tensor.zeros_like", expertInput)
        : sharedOutput(scope, h);
  }

  /** The block's output [T, H], from the experts' as added to {@link #beforeExperts}. */
  public NDArray output(TensorScope scope, NDArray h, NDArray experts) {
    if (branches.addUp()) {
      return experts;
    }
    Optional<NDArray> beside = shared().map(expert -> sharedOutput(scope, h));
    return branches.output(scope, beside, experts, h.getShape().get(0));
  }

  private NDArray sharedOutput(TensorScope scope, NDArray h) {
    return shared.forward(scope, sharedInput(scope, h));
  }

  /**
   * Experts are read once for all microbatches. Where a layer of them is too large to be held at
   * once they come in chunks, and every microbatch waits for the last chunk.
   */
  @Override
  public List<NDArray> forwardAll(TensorScope scope, List<NDArray> microbatches, RoutingTap tap) {
    if (chunk() < experts()) {
      return together(scope, microbatches, 0, tap);
    }
    return IntStream.range(0, microbatches.size())
        .mapToObj(i -> together(scope, List.of(microbatches.get(i)), i, tap).get(0))
        .toList();
  }

  private int chunk() {
    if (resident != null) {
      return experts();
    }
    return (int) Math.max(1, Math.min(experts(), RESIDENT_BYTES / bytesPerExpert()));
  }

  // The microbatches, of which the first has the number `number`.
  private List<NDArray> together(
      TensorScope scope, List<NDArray> microbatches, int number, RoutingTap tap) {
    try (TensorScope inner = scope.child("experts")) {
      List<Batch> batches =
          IntStream.range(0, microbatches.size())
              .mapToObj(i -> begin(inner, microbatches.get(i), number + i, tap))
              .toList();
      for (int from = 0, to; from < experts(); from = to) {
        to = alike(from, Math.min(experts(), from + chunk()));
        addChunk(inner, batches, from, to);
      }
      return batches.stream()
          .map(batch -> join(inner, batch.x, output(inner, batch.h, batch.y)))
          .map(x -> inner.keep(scope, x))
          .toList();
    }
  }

  // The end of the run of experts from `from` on whose inputs are rounded alike.
  private int alike(int from, int to) {
    for (int e = from + 1; e < to; e++) {
      if (!firstInput(e).equals(firstInput(from)) || !downInput(e).equals(downInput(from))) {
        return e;
      }
    }
    return to;
  }

  private InputRounding firstInput(int expert) {
    return experts.input(experts.first(expert).get(0));
  }

  private InputRounding downInput(int expert) {
    return experts.input(experts.down(expert));
  }

  private record Batch(NDArray x, NDArray h, NDArray read, Dispatch dispatch, NDArray y) {}

  private Batch begin(TensorScope scope, NDArray x, int number, RoutingTap tap) {
    NDArray h = input(scope, x);
    Routing routing = tap.routed(scope, number, route(scope, h));
    NDArray read = expertInput(scope, h, routing);
    NDArray y = beforeExperts(scope, h, read);
    Routing sent = expertRouting(scope, routing, topK);
    return new Batch(x, h, read, Dispatch.of(scope, sent, experts()), y);
  }

  private void addChunk(TensorScope scope, List<Batch> batches, int from, int to) {
    try (TensorScope loading = scope.child("chunk")) {
      ExpertWeights weights = weights(loading, from, to);
      for (Batch batch : batches) {
        NDArray h = firstInput(from).apply(loading, batch.read);
        batch.dispatch.addOutputs(loading, batch.y, h, weights, downInput(from));
      }
    }
  }

  private ExpertWeights weights(TensorScope scope, int from, int to) {
    if (to - from < experts()) {
      return load(scope, from, to);
    }
    if (resident == null) {
      resident = load(owner, from, to);
    }
    return resident;
  }
}
