package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import org.alphaquant.model.block.Norm;
import org.alphaquant.torch.TensorScope;

/** A loaded lightning indexer. */
record Indexer(
    IndexerDesign design,
    NDArray queryWeight,
    NDArray keyWeight,
    NDArray headWeight,
    Norm keyNorm) {

  /** Whether a sequence of a length has keys to leave out. */
  boolean chooses(long length) {
    return length > design.topK();
  }

  /**
   * The keys that each query attends to, bool [B, S, S].
   *
   * @param h the block's input [B*S, H]
   * @param query the normalised compressed query [B*S, rank]
   * @param table the attention's rotation [2, S, d/2]
   */
  NDArray choose(TensorScope scope, NDArray h, NDArray query, NDArray table, long batch) {
    NDArray key = keyNorm.apply(scope, scope.run("linear.apply", h, keyWeight));
    return scope.run(
        "attention.choose_keys",
        scope.run("linear.apply", query, queryWeight),
        key,
        scope.run("linear.apply", h, headWeight),
        table,
        batch,
        design.topK(),
        design.interleaved());
  }
}
