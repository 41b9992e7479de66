package org.alphaquant.storage.compressedtensors;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Planes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Stored weights against compressed-tensors 0.18.0 (commit ac8e2ba82f4e): the library compressed a
 * random [16, 64] weight and decompressed it again, in bfloat16.
 */
class CompressedTensorsDecodingTest {
  private static Torch torch;
  private static Checkpoint made;

  @BeforeAll
  static void open() {
    torch = Torch.open("cpu");
    made = Checkpoint.open(Path.of("src/test/resources/compressed-tensors-0.18"));
  }

  @AfterAll
  static void close() {
    made.close();
    torch.close();
  }

  static Stream<TensorScheme> schemes() {
    return Stream.of(
        TensorScheme.of(NumberFormat.INT2, 16),
        TensorScheme.of(NumberFormat.INT3, 32),
        TensorScheme.of(NumberFormat.INT4, 32),
        TensorScheme.of(NumberFormat.INT5, 32),
        TensorScheme.of(NumberFormat.INT6, 64),
        TensorScheme.of(NumberFormat.INT7, 16),
        TensorScheme.of(NumberFormat.INT8, 32),
        TensorScheme.of(NumberFormat.INT8, -1),
        new TensorScheme(NumberFormat.INT3, 16, false, NumberFormat.BF16),
        new TensorScheme(NumberFormat.INT4, 32, false, NumberFormat.BF16),
        new TensorScheme(NumberFormat.INT8, 64, false, NumberFormat.BF16),
        TensorScheme.of(NumberFormat.FP8_E4M3, -1),
        TensorScheme.of(NumberFormat.FP8_E4M3, 32),
        TensorScheme.of(NumberFormat.MXFP4, 32),
        TensorScheme.of(NumberFormat.MXFP8, 32),
        TensorScheme.of(NumberFormat.NVFP4, 16));
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void weightsReadBackAsTheLibraryReadsThem(TensorScheme scheme) {
    Codec codec = new CompressedTensorsStorage().codec(scheme);
    try (TensorScope scope = torch.scope("test")) {
      Planes planes =
          new Planes(
              scope,
              16,
              64,
              codec.planes(scheme, 16, 64, Dtype.BF16),
              suffix -> made.bytes(scheme.label() + "." + suffix));
      NDArray weight = codec.decode(scope, scheme, planes);
      NDArray rounded = scope.run("tensor.to_dtype", weight, TorchDtype.BFLOAT16.number());
      NDArray expected =
          scope.tensor(
              TorchDtype.BFLOAT16,
              new long[] {16, 64},
              made.bytes(scheme.label() + ".dequantized"));
      float[] values = scope.toFloats(rounded);
      assertThat(values).containsExactly(scope.toFloats(expected));
    }
  }

  static Stream<TensorScheme> stacking() {
    return schemes().filter(scheme -> new CompressedTensorsStorage().codec(scheme).stacks(scheme));
  }

  @ParameterizedTest
  @MethodSource("stacking")
  void weightsOneBelowAnotherReadBackAsEachDoes(TensorScheme scheme) {
    Codec codec = new CompressedTensorsStorage().codec(scheme);
    try (TensorScope scope = torch.scope("test")) {
      float[] one = scope.toFloats(decoded(scope, codec, scheme, 1));
      float[] three = scope.toFloats(decoded(scope, codec, scheme, 3));
      assertThat(three).hasSize(3 * one.length);
      for (int i = 0; i < three.length; i += one.length) {
        assertThat(Arrays.copyOfRange(three, i, i + one.length)).containsExactly(one);
      }
    }
  }

  private static NDArray decoded(TensorScope scope, Codec codec, TensorScheme scheme, int times) {
    Planes planes =
        new Planes(
            scope,
            16L * times,
            64,
            codec.planes(scheme, 16L * times, 64, Dtype.BF16),
            suffix ->
                Collections.nCopies(times, made.bytes(scheme.label() + "." + suffix)).stream()
                    .flatMap(List::stream)
                    .toList());
    return codec.decode(scope, scheme, planes);
  }
}
