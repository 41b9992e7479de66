package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The weights of a finished result as an engine reads them: unpacked and dequantized from the
 * written bytes, so that perplexity is measured on what was written.
 */
final class StoredWeights implements WeightOverlay {

  private static final String WEIGHT = ".weight";

  private final Plan plan;
  private final StoredResult result;
  private final Pieces pieces;
  private final Map<String, ModuleScheme> quantized;

  StoredWeights(Plan plan, StoredResult result) {
    this.plan = plan;
    this.result = result;
    this.pieces = new Pieces(plan);
    this.quantized =
        plan.content().quantized().stream()
            .collect(Collectors.toMap(ModuleScheme::name, Function.identity()));
  }

  @Override
  public Optional<NDArray> weight(TensorScope scope, String tensor) {
    // Where values are stored they are read from the folder itself.
    if (!tensor.endsWith(WEIGHT) || plan.format().storesValues()) {
      return Optional.empty();
    }
    return Optional.ofNullable(quantized.get(module(tensor))).map(module -> decoded(scope, module));
  }

  private static String module(String tensor) {
    return tensor.substring(0, tensor.length() - WEIGHT.length());
  }

  /** A quantized module's weight, float32 [N, K], owned by {@code scope}. */
  NDArray decoded(TensorScope scope, ModuleScheme module) {
    return stacked(plan, scope, List.of(module), (own, suffix) -> bytes(own).apply(suffix));
  }

  /**
   * The weights of several modules of one shape and scheme, whose codec stacks them, one below
   * another: float32 [B N, K], owned by {@code parent}.
   *
   * @param bytes gives the stored bytes of a plane by module and suffix
   */
  static NDArray stacked(
      Plan plan,
      TensorScope parent,
      List<ModuleScheme> modules,
      BiFunction<ModuleScheme, String, List<ByteBuffer>> bytes) {
    ModuleScheme first = modules.get(0);
    long rows = modules.size() * first.module().outFeatures();
    long columns = first.module().inFeatures();
    Codec codec = plan.format().codec(first.scheme());
    try (TensorScope scope = parent.child("dequantize " + first.name())) {
      Planes planes =
          new Planes(
              scope,
              rows,
              columns,
              codec.planes(first.scheme(), rows, columns, plan.dtype()),
              suffix ->
                  modules.stream()
                      .flatMap(module -> bytes.apply(module, suffix).stream())
                      .toList());
      return scope.keep(parent, codec.decode(scope, first.scheme(), planes));
    }
  }

  @Override
  public InputRounding input(String name) {
    ModuleScheme module = quantized.get(name);
    if (module == null) {
      return InputRounding.NONE;
    }
    TensorScheme stored = plan.format().stored(module.scheme());
    return stored.hasActivation()
        ? rounding(stored, plan.format().inputDivisor(stored, bytes(module)))
        : InputRounding.NONE;
  }

  private Function<String, List<ByteBuffer>> bytes(ModuleScheme module) {
    return suffix -> pieces.read(result, module.name() + "." + suffix);
  }

  /**
   * The rounding of inputs that the result's scheme requires of an engine.
   *
   * @param divisor of the inputs, with NVFP4
   */
  private static InputRounding rounding(TensorScheme scheme, double divisor) {
    NumberFormat format = scheme.activation();
    TensorScheme inputs = TensorScheme.of(format, format.defaultGroupSize());
    boolean perToken = format.blockSize() == 0;
    // Any multiple of the block will do: only the grid and the kind of scale are read.
    WeightGrid grid =
        WeightGrid.of(
            perToken ? TensorScheme.of(format, TensorScheme.PER_CHANNEL) : inputs,
            128,
            TorchDtype.FLOAT32);
    return new InputRounding(
        grid.floating(),
        grid.least(),
        grid.greatest(),
        grid.mantissaBits(),
        grid.leastExponent(),
        format.blockSize(),
        grid.scaleKind(),
        divisor);
  }
}
