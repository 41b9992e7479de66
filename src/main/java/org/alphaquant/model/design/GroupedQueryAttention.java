package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.model.Attention;
import org.alphaquant.model.Linear;
import org.alphaquant.model.Norm;
import org.alphaquant.torch.TensorScope;

/** Loaded grouped-query attention. */
final class GroupedQueryAttention implements Attention {

  private final GroupedQueryDesign design;
  private final Norm inputNorm;
  private final Norm queryNorm;
  private final Norm keyNorm;
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final RotaryTables rotary;
  private final NDArray sinks;

  GroupedQueryAttention(GroupedQueryDesign design, WeightReader reader) {
    this.design = design;
    this.inputNorm = design.inputNorm().load(reader);
    boolean normalised = design.norm() != QueryKeyNorm.NONE;
    this.queryNorm = normalised ? design.queryNorm().load(reader) : null;
    this.keyNorm = normalised ? design.keyNorm().load(reader) : null;
    this.query = design.query().load(reader);
    this.key = design.key().load(reader);
    this.value = design.value().load(reader);
    this.output = design.output().load(reader);
    this.sinks = design.sinks() ? reader.floats(design.sinkTensor()) : null;
    this.rotary = new RotaryTables(design.rotary(), reader.scope());
  }

  @Override
  public List<List<Linear>> stages() {
    return List.of(List.of(query, key, value), List.of(output));
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    return stage == 0 ? inputNorm.rows(scope, x) : attended(scope, x);
  }

  @Override
  public NDArray forward(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("attention")) {
      NDArray y = output.apply(inner, attended(inner, x));
      return inner.keep(scope, inner.run("linear.residual", x, y, design.residualFactor()));
    }
  }

  // The heads' outputs side by side, [B*S, A*D].
  private NDArray attended(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("heads")) {
      NDArray h = inputNorm.rows(inner, x);
      NDArray table = rotary.of(x.getShape().get(1), x);
      NDArray q = projected(inner, query, queryNorm, h);
      NDArray k = projected(inner, key, keyNorm, h);
      NDArray v = projected(inner, value, null, h);
      return inner.keep(scope, heads(inner, x.getShape().get(0), q, k, v, table));
    }
  }

  private NDArray heads(
      TensorScope scope, long batch, NDArray q, NDArray k, NDArray v, NDArray table) {
    HeadShape shape = design.heads();
    long heads = shape.heads();
    long keyHeads = shape.keyHeads();
    double scale = design.scale();
    long window = design.window();
    return sinks == null
        ? scope.run(
            "attention.grouped_query", q, k, v, table, batch, heads, keyHeads, scale, window)
        : scope.run(
            "attention.grouped_query_with_sinks",
            q,
            k,
            v,
            table,
            sinks,
            batch,
            heads,
            keyHeads,
            scale,
            window);
  }

  private NDArray projected(TensorScope scope, Linear linear, Norm norm, NDArray h) {
    NDArray y = linear.apply(scope, h);
    if (norm != null) {
      boolean perHead = design.norm() == QueryKeyNorm.PER_HEAD;
      String function = perHead ? "attention.head_norm" : "norm.rms_norm";
      y = scope.run(function, y, norm.weight(), norm.epsilon());
    }
    return Double.isInfinite(design.clip()) ? y : scope.run("linear.clamp", y, design.clip());
  }
}
