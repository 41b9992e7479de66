package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.SolvedModule;
import org.alphaquant.torch.TensorScope;

/**
 * The weights of the model in training as its layers are loaded: a leaf for every quantized linear
 * and every norm, the fixed solution for quantized modules that are not trained (routers, gates,
 * the embedding), the source's weights for the rest. Experts come from the source: their stacks
 * become leaves later.
 */
final class StudentWeights implements WeightOverlay {

  private static final String WEIGHT = ".weight";

  private static final Set<ModuleKind> FIXED =
      Set.of(ModuleKind.ROUTER, ModuleKind.SHARED_EXPERT_GATE, ModuleKind.EMBEDDING);

  private final Model original;
  private final QuantizationPlan plan;
  private final List<SafetensorsFile> solved;
  private final Map<String, ModuleDescription> modules = new HashMap<>();
  private final Set<String> norms = new HashSet<>();
  private Map<String, NDArray> leaves = new LinkedHashMap<>();

  /**
   * @param solved the layers' files, with solutions
   * @param norms full names of the norms' weights
   */
  StudentWeights(
      Model original,
      ModelDescription description,
      QuantizationPlan plan,
      List<SafetensorsFile> solved,
      Set<String> norms) {
    this.original = original;
    this.plan = plan;
    this.solved = solved;
    this.norms.addAll(norms);
    List<ModuleDescription> all = new ArrayList<>(description.linears());
    all.add(description.embedding());
    all.forEach(module -> modules.put(module.name(), module));
  }

  @Override
  public Optional<NDArray> weight(TensorScope scope, String tensor) {
    if (norms.contains(tensor)) {
      return Optional.of(leaf(scope, tensor, original.floats(scope, tensor)));
    }
    ModuleDescription module = tensor.endsWith(WEIGHT) ? modules.get(module(tensor)) : null;
    if (module == null || !quantizes(module.name()) || module.kind() == ModuleKind.EXPERT) {
      return Optional.empty();
    }
    return Optional.of(
        FIXED.contains(module.kind())
            ? solution(scope, module)
            : leaf(scope, tensor, original.floats(scope, tensor)));
  }

  /** The leaves made since the last call, by full tensor name. */
  Map<String, NDArray> takeLeaves() {
    Map<String, NDArray> taken = leaves;
    leaves = new LinkedHashMap<>();
    return taken;
  }

  boolean quantizes(String module) {
    return !scheme(module).isUnquantized();
  }

  TensorScheme scheme(String module) {
    return plan.schemes().getOrDefault(module, TensorScheme.UNQUANTIZED);
  }

  /** A module's solution, read into a scope. */
  SolvedModule solved(TensorScope scope, String module) {
    SafetensorsFile layer =
        solved.stream()
            .filter(file -> SolvedModule.has(file, module))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException(module + " has no solution"));
    return SolvedModule.read(scope, layer, module);
  }

  /** The module of a weight's full name. */
  static String module(String tensor) {
    return tensor.substring(0, tensor.length() - WEIGHT.length());
  }

  private NDArray leaf(TensorScope scope, String tensor, NDArray source) {
    NDArray leaf = scope.run("gradient.leaf", source);
    leaves.put(tensor, leaf);
    return leaf;
  }

  private NDArray solution(TensorScope scope, ModuleDescription module) {
    SolvedModule solution = solved(scope, module.name());
    TensorScheme scheme = scheme(module.name());
    NDArray weight =
        scope.run(
            "format.dequantize",
            solution.codes(),
            solution.scale(),
            solution.zero(),
            plan.format().grid(scheme, module.inFeatures(), plan.dtype()).numbers());
    return plan.rounding().isPresent()
        ? scope.run("tensor.rounded", weight, plan.rounding().getAsInt())
        : weight;
  }
}
