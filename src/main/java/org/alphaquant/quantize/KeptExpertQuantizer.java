package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.quantize.KeptExperts.Projection;
import org.alphaquant.quantize.KeptExperts.Shrunk;
import org.alphaquant.torch.TensorScope;

/**
 * Quantizes the routed experts of one layer from what was kept of their inputs, in chunks.
 *
 * @param expertsAtOnce experts of a chunk, at most
 */
record KeptExpertQuantizer(BatchQuantizer batches, Shrinkage shrinkage, int expertsAtOnce) {

  void quantize(TensorScope parent, MoeFeedForward block, KeptExperts kept, LayerResult result) {
    ExpertSolver all = solver(block, kept, 0, block.experts(), result);
    if (!all.quantizesGateOrUp() && !all.quantizesDown()) {
      return;
    }
    try (TensorScope layer = parent.child("experts")) {
      NDArray inputs = null;
      NDArray activations = null;
      for (int from = 0; from < block.experts(); from += expertsAtOnce) {
        int to = Math.min(block.experts(), from + expertsAtOnce);
        ExpertSolver solver = solver(block, kept, from, to, result);
        try (TensorScope scope = layer.child("experts %d to %d".formatted(from, to - 1))) {
          long start = System.nanoTime();
          ExpertWeights weights = block.load(scope, from, to);
          result.took("load", start, scope);
          start = System.nanoTime();
          if (inputs == null && all.quantizesGateOrUp()) {
            inputs = mean(layer, kept, Projection.GATE_AND_UP, weights.gateUp());
          }
          if (activations == null && all.quantizesDown()) {
            activations = mean(layer, kept, Projection.DOWN, weights.down());
          }
          result.took("read", start, scope);
          gateAndUp(scope, solver, kept, weights, inputs);
          down(scope, solver, kept, weights, activations);
        }
      }
    }
  }

  private static NDArray mean(
      TensorScope layer, KeptExperts kept, Projection projection, NDArray weights) {
    return kept.mean(layer, projection, weights.getShape().get(2), weights);
  }

  private ExpertSolver solver(
      MoeFeedForward block, KeptExperts kept, int from, int to, LayerResult result) {
    return new ExpertSolver(block, batches, from, to, kept::isUnseen, result);
  }

  private void gateAndUp(
      TensorScope parent,
      ExpertSolver solver,
      KeptExperts kept,
      ExpertWeights weights,
      NDArray mean) {
    if (!solver.quantizesGateOrUp()) {
      return;
    }
    try (TensorScope scope = parent.child("gate and up")) {
      Shrunk shrunk = shrunk(scope, solver, kept, Projection.GATE_AND_UP, mean);
      for (int e = solver.from(); e < solver.to(); e++) {
        solver.result().leans(e, shrunk.shares()[e - solver.from()]);
      }
      solver.gateAndUp(scope, weights, shrunk.input(), (work, rows) -> {});
    }
  }

  private void down(
      TensorScope parent,
      ExpertSolver solver,
      KeptExperts kept,
      ExpertWeights weights,
      NDArray mean) {
    if (!solver.quantizesDown()) {
      return;
    }
    try (TensorScope scope = parent.child("down")) {
      solver.down(scope, weights, shrunk(scope, solver, kept, Projection.DOWN, mean).input());
    }
  }

  private Shrunk shrunk(
      TensorScope scope, ExpertSolver solver, KeptExperts kept, Projection which, NDArray mean) {
    long start = System.nanoTime();
    Shrunk shrunk = kept.shrunk(scope, which, solver.from(), solver.to(), mean, shrinkage);
    solver.result().took("read", start, scope);
    return shrunk;
  }
}
