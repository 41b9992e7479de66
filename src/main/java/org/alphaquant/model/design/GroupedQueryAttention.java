package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.model.block.CachedAttention;
import org.alphaquant.model.block.KeyValueCache;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.Residual;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.RowKernels;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** Loaded grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245). */
final class GroupedQueryAttention implements CachedAttention {

  // As attention.fits_half.
  private static final float MOST_IN_HALF = 32_768;

  private final GroupedQueryDesign design;
  private final Residual residual;
  private final Norm queryNorm;
  private final Norm keyNorm;
  private final Optional<Norm> valueNorm;
  private final List<Linear> inputs;
  private final Linear output;
  private final RotaryTables rotary;
  private final NDList sinks = new NDList();

  GroupedQueryAttention(GroupedQueryDesign design, WeightReader reader) {
    this.design = design;
    this.residual = design.residual().load(reader);
    this.queryNorm = design.normalised() ? design.queryNorm().load(reader) : null;
    this.keyNorm = design.normalised() ? design.keyNorm().load(reader) : null;
    this.valueNorm = design.valueNorm().map(norm -> norm.load(reader));
    this.inputs = design.inputs().stream().map(linear -> linear.load(reader)).toList();
    this.output = design.output().load(reader);
    design.sinkTensor().ifPresent(name -> sinks.add(reader.floats(name)));
    this.rotary = new RotaryTables(design.rotary(), reader.scope());
  }

  @Override
  public List<List<Linear>> stages() {
    return List.of(inputs, List.of(output));
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    return stage == 0 ? residual.input(scope, x) : attended(scope, x, null);
  }

  @Override
  public NDArray output(TensorScope scope, NDArray x, NDArray read) {
    try (TensorScope inner = scope.child("attention output")) {
      NDArray y = output.apply(inner, read);
      return inner.keep(scope, residual.join(inner, x, y));
    }
  }

  // The cache's scores know windows, not chunks.
  @Override
  public boolean canContinue(long length) {
    return design.scores().chunk() == 0 || length <= design.scores().chunk();
  }

  @Override
  public NDArray forward(TensorScope scope, NDArray x, KeyValueCache cache) {
    try (TensorScope inner = scope.child("attention")) {
      return inner.keep(scope, output(inner, x, attended(inner, x, cache)));
    }
  }

  @Override
  public List<NDArray> keysAndValues(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("keys and values")) {
      List<NDArray> projected = projected(inner, residual.input(inner, x));
      NDArray table = rotary.of(x.getShape().get(1), x);
      long batch = x.getShape().get(0);
      return List.of(
          inner.keep(scope, keyHeads(inner, projected, table, batch)),
          inner.keep(scope, valueHeads(inner, projected, batch)));
    }
  }

  private NDArray keyHeads(TensorScope scope, List<NDArray> projected, NDArray table, long batch) {
    return turned(scope, projected.get(1), keyNorm, table, batch, design.heads().keyHeads());
  }

  private NDArray valueHeads(TensorScope scope, List<NDArray> projected, long batch) {
    NDArray heads =
        scope.run(
            "attention.split_heads",
            values(scope, projected.get(2)),
            batch,
            design.heads().keyHeads());
    return valueNorm.map(norm -> norm.apply(scope, heads)).orElse(heads);
  }

  // The heads' outputs side by side, [B*S, A*D]; of a cache's next positions where there is one.
  private NDArray attended(TensorScope scope, NDArray x, KeyValueCache cache) {
    try (TensorScope inner = scope.child("heads")) {
      NDArray h = residual.input(inner, x);
      long length = x.getShape().get(1);
      NDArray table =
          cache == null
              ? rotary.of(length, x)
              : cache.next(inner, rotary.of(cache.capacity(), x), length);
      List<NDArray> projected = projected(inner, h);
      long batch = x.getShape().get(0);
      Optional<NDArray> half = cache == null ? half(inner, projected, table) : Optional.empty();
      if (half.isPresent()) {
        return inner.keep(scope, gated(inner, half.get(), projected));
      }
      HeadShape heads = design.heads();
      NDArray q = turned(inner, projected.get(0), queryNorm, table, batch, heads.heads());
      NDArray k = keyHeads(inner, projected, table, batch);
      NDArray v = valueHeads(inner, projected, batch);
      NDArray out = scored(inner, q, k, v, cache);
      return inner.keep(scope, gated(inner, out, projected));
    }
  }

  // The same by kernels that make heads in float16 at once; empty where there are none, where
  // scores
  // are changed, or where a number has no room in float16.
  private Optional<NDArray> half(TensorScope scope, List<NDArray> projected, NDArray table) {
    Scores scores = design.scores();
    boolean plain =
        sinks.isEmpty()
            && scores.softCap() == 0
            && scores.growth().isEmpty()
            && (scores.chunk() == 0 || table.getShape().get(1) <= scores.chunk())
            && valueNorm.isEmpty()
            && !(design.normalised() && design.projections().norm().rotated());
    return plain && scope.attentionDtype() == TorchDtype.FLOAT16
        ? RowKernels.of(scope).flatMap(kernels -> half(scope, kernels, projected, table))
        : Optional.empty();
  }

  private Optional<NDArray> half(
      TensorScope scope, RowKernels kernels, List<NDArray> projected, NDArray table) {
    NDArray most = scope.run("tensor.zeros", table, 1);
    HeadShape heads = design.heads();
    NDArray q = half(scope, kernels, projected.get(0), queryNorm, table, heads.heads(), most);
    NDArray k = half(scope, kernels, projected.get(1), keyNorm, table, heads.keyHeads(), most);
    NDArray values = scope.run("tensor.contiguous", values(scope, projected.get(2)));
    NDArray still = scope.run("rope.no_table", table.getShape().get(1), table);
    NDArray v = kernels.heads(scope, values, null, 0, still, heads.keyHeads(), false, most);
    // Not-a-number has no room either.
    if (!(scope.toFloats(most)[0] < MOST_IN_HALF)) {
      return Optional.empty();
    }
    Scores scores = design.scores();
    int half = TorchDtype.FLOAT16.number();
    return Optional.of(
        scope.run("attention.attend_in", q, k, v, scores.scale(), scores.window(), half));
  }

  private NDArray half(
      TensorScope scope,
      RowKernels kernels,
      NDArray y,
      Norm norm,
      NDArray table,
      long heads,
      NDArray most) {
    boolean fused =
        norm != null
            && norm.biasOrNull() == null
            && design.projections().norm().extent() == QueryKeyNorm.Extent.WHOLE
            && Double.isInfinite(design.projections().clip());
    NDArray before = fused || norm == null ? y : normalised(scope, y, norm);
    boolean interleaved = design.rotary().map(RotaryDesign::interleaved).orElse(false);
    return kernels.heads(
        scope,
        scope.run("tensor.contiguous", clipped(scope, before)),
        fused ? norm.weight() : null,
        fused ? norm.epsilon() : 0,
        table,
        heads,
        interleaved,
        most);
  }

  private NDArray gated(TensorScope scope, NDArray out, List<NDArray> projected) {
    OutputGate gate = design.projections().gate();
    return gate == OutputGate.NONE ? out : scope.run(gate.script(), out, projected.get(3));
  }

  private NDArray values(TensorScope scope, NDArray y) {
    double factor = design.scores().values();
    NDArray clipped = clipped(scope, y);
    return factor == 1 ? clipped : scope.run("tensor.scaled", clipped, factor);
  }

  // Queries, keys and values [B*S, heads*D], and the output's gate.
  private List<NDArray> projected(TensorScope scope, NDArray h) {
    List<NDArray> outputs = Linear.applyAll(scope, inputs, h);
    HeadShape heads = design.heads();
    if (design.projections().joint()) {
      long queries = heads.heads() * heads.dimension();
      long keys = heads.keyHeads() * heads.dimension();
      NDArray all = outputs.get(0);
      return List.of(
          scope.run("tensor.columns", all, 0, queries),
          scope.run("tensor.columns", all, queries, queries + keys),
          scope.run("tensor.columns", all, queries + keys, queries + 2 * keys));
    }
    if (design.projections().gate() == OutputGate.IN_QUERY) {
      NDList halves = scope.runAll("attention.query_and_gate", outputs.get(0), heads.heads());
      return List.of(halves.get(0), outputs.get(1), outputs.get(2), halves.get(1));
    }
    return design.projections().values() == Projections.Values.NORMALISED_KEYS
        ? List.of(outputs.get(0), outputs.get(1), outputs.get(1))
        : outputs;
  }

  // Normalised, clipped and rotated heads [B, heads, S, D].
  private NDArray turned(
      TensorScope scope, NDArray y, Norm norm, NDArray table, long batch, long heads) {
    boolean late = norm != null && design.projections().norm().rotated();
    NDArray projected = clipped(scope, norm == null || late ? y : normalised(scope, y, norm));
    boolean interleaved = design.rotary().map(RotaryDesign::interleaved).orElse(false);
    NDArray turned =
        scope.run("attention.rotated_heads", projected, table, batch, heads, interleaved);
    return late ? norm.apply(scope, turned) : turned;
  }

  private NDArray normalised(TensorScope scope, NDArray y, Norm norm) {
    boolean perHead = design.projections().norm().extent() == QueryKeyNorm.Extent.PER_HEAD;
    return perHead
        ? scope.run("attention.head_norm", y, norm.weight(), norm.epsilon())
        : norm.apply(scope, y);
  }

  private NDArray clipped(TensorScope scope, NDArray y) {
    double clip = design.projections().clip();
    return Double.isInfinite(clip) ? y : scope.run("linear.clamp", y, clip);
  }

  private NDArray scored(TensorScope scope, NDArray q, NDArray k, NDArray v, KeyValueCache cache) {
    Scores scores = design.scores();
    NDArray queries = grown(scope, q, cache == null ? 0 : cache.length());
    if (cache == null && scores.chunk() > 0 && q.getShape().get(2) > scores.chunk()) {
      return scope.run(
          "attention.attend_in_chunks",
          queries,
          k,
          v,
          scores.scale(),
          scores.chunk(),
          scope.attentionDtype().number());
    }
    if (cache != null) {
      return cache.attend(
          scope, queries, k, v, sinks, scores.scale(), scores.window(), scores.softCap());
    }
    return sinks.isEmpty() && scores.softCap() == 0
        ? scope.run(
            "attention.attend",
            queries,
            k,
            v,
            scores.scale(),
            scores.window(),
            scope.attentionDtype().number())
        : scope.run(
            "attention.attend_by_head",
            queries,
            k,
            v,
            sinks,
            scores.scale(),
            scores.window(),
            scores.softCap());
  }

  private NDArray grown(TensorScope scope, NDArray q, long first) {
    return design
        .scores()
        .growth()
        .map(how -> scope.run("attention.grow", q, how.beta(), how.every(), how.shift() + first))
        .orElse(q);
  }
}
