package org.alphaquant.sensitivity;

import ai.djl.ndarray.NDArray;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.allocate.Unit;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.SolvedModule;
import org.alphaquant.torch.TensorScope;

/** The original model with one unit as it was solved. */
final class UnitWeights implements WeightOverlay {

  private static final String WEIGHT = ".weight";

  private final QuantizationPlan plan;
  private final List<SafetensorsFile> layers;
  private final Map<String, ModuleDescription> modules = new HashMap<>();

  /**
   * @param layers the layers' files, with solutions
   */
  UnitWeights(Unit unit, QuantizationPlan plan, List<SafetensorsFile> layers) {
    this.plan = plan;
    this.layers = layers;
    unit.modules().forEach(module -> modules.put(module.name() + WEIGHT, module));
  }

  @Override
  public Optional<NDArray> weight(TensorScope scope, String tensor) {
    return Optional.ofNullable(modules.get(tensor)).map(module -> solved(scope, module));
  }

  private NDArray solved(TensorScope parent, ModuleDescription module) {
    try (TensorScope scope = parent.child("solution")) {
      SolvedModule solution = SolvedModule.read(scope, layers.get(module.layer()), module.name());
      TensorScheme scheme = plan.schemes().get(module.name());
      NDArray weight =
          scope.run(
              "format.dequantize",
              solution.codes(),
              solution.scale(),
              solution.zero(),
              plan.format().grid(scheme, module.inFeatures(), plan.dtype()).numbers());
      NDArray stored =
          plan.rounding().isPresent()
              ? scope.run("tensor.rounded", weight, plan.rounding().getAsInt())
              : weight;
      return scope.keep(parent, stored);
    }
  }
}
