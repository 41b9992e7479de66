package org.alphaquant.storage.gptq;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
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
    int[] groups = planes.integers(GROUPS);
    return isInOrder(groups, scheme)
        ? new ScaledCodes(scheme, codes, scale, zero)
        : reordered(scope, new ScaledCodes(scheme, codes, scale, zero), groups);
  }

  private static boolean isInOrder(int[] groups, TensorScheme scheme) {
    int size = scheme.isPerChannel() ? groups.length : scheme.groupSize();
    return IntStream.range(0, groups.length).allMatch(k -> groups[k] == k / size);
  }

  // Activation order: an input's group is anywhere, so that each gets a scale of its own.
  private static ScaledCodes reordered(TensorScope scope, ScaledCodes stored, int[] groups) {
    long[] index = Arrays.stream(groups).asLongStream().toArray();
    NDArray of = scope.longs(index, index.length);
    TensorScheme each =
        new TensorScheme(
            stored.scheme().format(), 1, stored.scheme().symmetric(), NumberFormat.BF16);
    return new ScaledCodes(
        each,
        stored.codes(),
        scope.run("tensor.chosen_columns", stored.scale(), of),
        scope.run("tensor.chosen_columns", stored.zero(), of));
  }
}
