package org.alphaquant.storage.gptq;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A weight in GPTQ's format (AutoGPTQ, {@code qlinear_cuda_old.py}; GPTQModel, {@code
 * nn_modules/qlinear}): everything transposed, codes packed along the inputs.
 */
record GptqWords(boolean firstVersion) implements CodedWeight {

  private static final String CODES = "qweight";
  private static final String SCALES = "scales";
  private static final String ZEROS = "qzeros";
  private static final String GROUPS = "g_idx";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    int bits = scheme.format().bits();
    double least = scheme.format().smallest();
    long groups = scheme.groups(columns);
    return List.of(
        Plane.of(
            CODES,
            Dtype.I32,
            (scope, batch) -> scope.run("packing.words_down", swap(scope, batch.codes()), bits),
            Plane.words(columns, bits),
            rows),
        Plane.of(
            ZEROS,
            Dtype.I32,
            (scope, batch) ->
                scope.run("packing.gptq_zeros", swap(scope, batch.zero()), least, bits),
            groups,
            Plane.words(rows, bits)),
        Plane.of(
            SCALES,
            Dtype.F16,
            (scope, batch) ->
                QuantizedBatch.bytes(scope, swap(scope, batch.scale()), TorchDtype.FLOAT16),
            groups,
            rows),
        Plane.of(
            GROUPS,
            Dtype.I32,
            (scope, batch) -> scope.run("packing.group_index", batch.codes(), batch.scale()),
            columns));
  }

  private static NDArray swap(TensorScope scope, NDArray batch) {
    return scope.run("tensor.swap", batch);
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    int bits = scheme.format().bits();
    NDArray codes =
        scope.run("packing.codes_from_words", planes.words(CODES), bits, planes.inFeatures());
    NDArray scale = scope.run("tensor.transposed", planes.floats(SCALES));
    NDArray zero =
        scope.run(
            "packing.gptq_zero_points",
            planes.rows(ZEROS),
            bits,
            planes.outFeatures(),
            scheme.format().smallest(),
            firstVersion ? 1 : 0);
    return new ScaledCodes(scheme, codes, scale, zero).ordered(scope, planes.integers(GROUPS));
  }
}
