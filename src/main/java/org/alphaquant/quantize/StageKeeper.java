package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.block.Linear;
import org.alphaquant.torch.TensorScope;

/**
 * Keeps what linears read that every token passes, and leaves their weights alone.
 *
 * @param modules whose inputs are to be kept
 * @param dtype that Hessians are kept in
 * @param away takes tensors out of memory
 */
record StageKeeper(Set<String> modules, Dtype dtype, UnaryOperator<List<TensorSource>> away)
    implements Stages {

  @Override
  public boolean wants(List<Linear> linears) {
    return linears.stream().anyMatch(linear -> modules.contains(linear.name()));
  }

  @Override
  public boolean asksForLargest(List<Linear> linears) {
    return true;
  }

  @Override
  public void take(
      TensorScope scope, List<Linear> linears, CalibratedInput input, LayerResult result) {
    try (TensorScope work = scope.child("keep")) {
      NDArray statistics = work.run("kept.statistics_of_all", input.largest());
      List<String> name = List.of(linears.get(0).name());
      result.add(away.apply(KeptInput.of(work, name, input.hessian(), statistics, dtype)));
    }
  }
}
