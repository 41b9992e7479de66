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
import org.alphaquant.torch.TensorScope;

/** Loaded multi-head latent attention. */
final class LatentAttention implements CachedAttention {

  private final LatentDesign design;
  private final Residual residual;
  private final Norm queryNorm;
  private final Norm keyValueNorm;
  private final Linear queryDown;
  private final Linear queryUp;
  private final Linear keyValueDown;
  private final Linear keyValueUp;
  private final Linear output;
  private final RotaryTables rotary;
  private final Optional<Indexer> indexer;

  LatentAttention(LatentDesign design, WeightReader reader) {
    this.design = design;
    this.residual = design.residual().load(reader);
    this.queryDown = design.queryDown().load(reader);
    this.queryNorm = design.compressed() ? design.queryNorm().load(reader) : null;
    this.queryUp = design.compressed() ? design.queryUp().load(reader) : null;
    this.keyValueDown = design.keyValueDown().load(reader);
    this.keyValueNorm = design.keyValueNorm().load(reader);
    this.keyValueUp = design.keyValueUp().load(reader);
    this.output = design.output().load(reader);
    this.indexer = design.indexer().map(chooser -> chooser.load(reader));
    this.rotary = new RotaryTables(design.rotary(), reader.scope());
  }

  @Override
  public List<List<Linear>> stages() {
    List<Linear> first = List.of(queryDown, keyValueDown);
    return queryUp == null
        ? List.of(first, List.of(keyValueUp), List.of(output))
        : List.of(first, List.of(queryUp), List.of(keyValueUp), List.of(output));
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    Linear first = stages().get(stage).get(0);
    try (TensorScope inner = scope.child("latent input")) {
      NDArray h = residual.input(inner, x);
      NDArray input =
          first == queryDown
              ? h
              : first == queryUp
                  ? compressedQuery(inner, h)
                  : first == keyValueUp
                      ? latent(inner, keyValueDown.apply(inner, h))
                      : attended(inner, x, h, null);
      return inner.keep(scope, input);
    }
  }

  @Override
  public NDArray output(TensorScope scope, NDArray x, NDArray read) {
    try (TensorScope inner = scope.child("attention output")) {
      NDArray y = output.apply(inner, read);
      return inner.keep(scope, residual.join(inner, x, y));
    }
  }

  @Override
  public boolean canContinue(long length) {
    return indexer.filter(chooser -> chooser.chooses(length)).isEmpty();
  }

  @Override
  public NDArray forward(TensorScope scope, NDArray x, KeyValueCache cache) {
    try (TensorScope inner = scope.child("attention")) {
      NDArray read = attended(inner, x, residual.input(inner, x), cache);
      return inner.keep(scope, output(inner, x, read));
    }
  }

  // The heads' outputs side by side, [B*S, A*dv]; of a cache's next positions where there is one.
  private NDArray attended(TensorScope scope, NDArray x, NDArray h, KeyValueCache cache) {
    long batch = x.getShape().get(0);
    long length = x.getShape().get(1);
    NDArray table =
        cache == null
            ? rotary.of(length, x)
            : cache.next(scope, rotary.of(cache.capacity(), x), length);
    NDArray down = keyValueDown.apply(scope, h);
    long rank = design.shape().rank();
    NDList heads =
        scope.runAll(
            "attention.latent_heads",
            query(scope, h),
            scope.run("tensor.columns", down, rank, rank + design.shape().rotated()),
            keyValueUp.apply(scope, latent(scope, down)),
            table,
            batch,
            design.shape().heads(),
            design.rotary().map(RotaryDesign::interleaved).orElse(false));
    NDArray q = grown(scope, heads.get(0), cache == null ? 0 : cache.length());
    NDArray k = heads.get(1);
    NDArray v = heads.get(2);
    if (cache != null) {
      return cache.attend(scope, q, k, v, new NDList(), design.scale(), 0, 0);
    }
    Optional<NDArray> chosen =
        indexer
            .filter(chooser -> chooser.chooses(length))
            .map(chooser -> chooser.choose(scope, h, compressedQuery(scope, h), table, batch));
    return chosen
        .map(keys -> scope.run("attention.attend_chosen", q, k, v, keys, design.scale()))
        .orElseGet(
            () ->
                scope.run(
                    "attention.attend",
                    q,
                    k,
                    v,
                    design.scale(),
                    0,
                    scope.attentionDtype().number()));
  }

  private NDArray grown(TensorScope scope, NDArray q, long first) {
    return design
        .growth()
        .map(how -> scope.run("attention.grow", q, how.beta(), how.every(), how.shift() + first))
        .orElse(q);
  }

  private NDArray query(TensorScope scope, NDArray h) {
    return queryUp == null
        ? queryDown.apply(scope, h)
        : queryUp.apply(scope, compressedQuery(scope, h));
  }

  private NDArray compressedQuery(TensorScope scope, NDArray h) {
    return queryNorm.apply(scope, queryDown.apply(scope, h));
  }

  private NDArray latent(TensorScope scope, NDArray down) {
    return keyValueNorm.apply(scope, scope.run("tensor.columns", down, 0, design.shape().rank()));
  }
}
