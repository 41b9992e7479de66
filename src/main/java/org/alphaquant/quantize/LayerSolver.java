package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.DenseFeedForward;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.SharedExpert;
import org.alphaquant.storage.CacheScales;
import org.alphaquant.torch.TensorScope;

/**
 * Quantizes one decoder layer from what was kept of its inputs: no token passes it, and it knows
 * nothing of the other layers.
 */
final class LayerSolver {

  private final StageQuantizer stages;
  private final KeptExpertQuantizer experts;
  private final Map<Integer, String> cached;

  /**
   * @param cached attention modules by layer whose keys and values get scales for a cache
   */
  LayerSolver(StageQuantizer stages, KeptExpertQuantizer experts, Map<Integer, String> cached) {
    this.stages = stages;
    this.experts = experts;
    this.cached = cached;
  }

  /** Quantizes layer {@code index} in place. */
  void solve(
      TensorScope scope,
      int index,
      DecoderLayer layer,
      KeptCalibration calibration,
      LayerResult result) {
    try (SafetensorsFile kept = calibration.layer(index)) {
      layer.attention().stages().forEach(linears -> stage(scope, linears, kept, result));
      if (cached.containsKey(index)) {
        scales(cached.get(index), kept, result);
      }
      if (layer.feedForward() instanceof MoeFeedForward moe) {
        result.routing(calibration.experts(index));
        linearsBeside(moe).forEach(linears -> stage(scope, linears, kept, result));
        experts.quantize(
            scope, moe, new KeptExperts(moe, kept, calibration.evidence(index)), result);
      } else if (layer.feedForward() instanceof DenseFeedForward dense) {
        stage(scope, dense.gateAndUp(), kept, result);
        stage(scope, List.of(dense.down()), kept, result);
      }
    }
  }

  private static List<List<Linear>> linearsBeside(MoeFeedForward block) {
    List<Linear> routers = new ArrayList<>(List.of(block.router().linear()));
    block.shared().flatMap(SharedExpert::gating).ifPresent(routers::add);
    List<List<Linear>> all = new ArrayList<>(List.of(routers));
    block.shared().ifPresent(shared -> all.add(shared.gateAndUp()));
    block.shared().ifPresent(shared -> all.add(List.of(shared.down())));
    return all;
  }

  /** Quantizes linears that share an input, from what is kept of it. */
  void stage(TensorScope parent, List<Linear> linears, SafetensorsFile kept, LayerResult result) {
    if (!stages.wants(linears)) {
      return;
    }
    try (TensorScope scope = parent.child("kept input")) {
      long start = System.nanoTime();
      String name = linears.get(0).name();
      NDArray weight = linears.get(0).weight();
      NDArray hessian =
          KeptInput.hessians(scope, kept, List.of(name), weight.getShape().get(1), weight);
      float largest = (float) KeptInput.statistics(kept, name).largest();
      result.took("read", start, scope);
      stages.take(
          scope,
          linears,
          new CalibratedInput(hessian, scope.floats(new float[] {largest}, 1)),
          result);
    }
  }

  private static void scales(String module, SafetensorsFile kept, LayerResult result) {
    result.add(
        CacheScales.of(module).stream()
            .map(
                scale -> {
                  if (!kept.has(scale.name())) {
                    throw ModelException.tensor(scale.name(), "is not kept in the calibration");
                  }
                  return TensorSource.of(kept.info(scale.name()), kept.bytes(scale.name()).get(0));
                })
            .toList());
  }
}
