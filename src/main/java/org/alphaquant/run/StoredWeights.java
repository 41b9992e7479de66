package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.storage.StoredLinear;
import org.alphaquant.storage.StoredModule;
import org.alphaquant.torch.TensorScope;

/**
 * The weights of a finished checkpoint as an engine reads them: what {@link StoredLinear} packed is
 * unpacked and dequantized from the written bytes, so that a figure measured on them is the
 * checkpoint's own.
 */
final class StoredWeights implements WeightOverlay {

  private static final String WEIGHT = ".weight";

  private final Checkpoint checkpoint;
  private final Map<String, TensorScheme> schemes;

  StoredWeights(Checkpoint checkpoint, Map<String, TensorScheme> schemes) {
    this.checkpoint = checkpoint;
    this.schemes = Map.copyOf(schemes);
  }

  @Override
  public Optional<NDArray> weight(TensorScope scope, String tensor) {
    if (!tensor.endsWith(WEIGHT)) {
      return Optional.empty();
    }
    String module = tensor.substring(0, tensor.length() - WEIGHT.length());
    TensorScheme scheme = schemes.getOrDefault(module, TensorScheme.UNQUANTIZED);
    return scheme.format().isUnquantized()
        ? Optional.empty()
        : Optional.of(dequantized(scope, module, scheme));
  }

  /**
   * Compares a stored linear with what the solver left.
   *
   * @throws RunFailure if they differ, which only a fault of this program or of the disk can make
   */
  void verify(TensorScope scope, LinearReport linear) {
    NDArray weight = weight(scope, linear.module() + WEIGHT).orElseThrow();
    NDArray batch = scope.run("packing.stack", new NDList(weight));
    long checksum =
        scope.toLongs(scope.run("packing.checksum", batch, 0, batch.getShape().get(1)))[0];
    if (checksum != linear.checksum()) {
      throw new RunFailure(
          JobError.Kind.INTERNAL,
          "checkpoint-mismatch",
          "%s (%s) reads back from the written checkpoint as other numbers than were solved"
              .formatted(linear.module(), linear.format()));
    }
  }

  @Override
  public InputRounding input(String module) {
    TensorScheme scheme = schemes.getOrDefault(module, TensorScheme.UNQUANTIZED);
    return scheme.hasActivation()
        ? StoredActivation.rounding(checkpoint, module, scheme)
        : InputRounding.NONE;
  }

  private NDArray dequantized(TensorScope parent, String module, TensorScheme scheme) {
    try (TensorScope scope = parent.child("dequantize " + module)) {
      return scope.keep(parent, new StoredModule(checkpoint, scope, module, scheme).weight());
    }
  }
}
