package org.alphaquant.storage.compressedtensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Modules;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layouts against tensors that the library itself made: compressed-tensors 0.18.0 (commit
 * ac8e2ba82f4e) compressed one random [16, 64] weight under every scheme below, with scales from
 * its calculate_qparams and generate_gparam. A tensor's module is named after the scheme's label.
 */
class CompressedTensorsLayoutTest {

  static List<TensorScheme> schemes() {
    Stream<TensorScheme> integers =
        Stream.of(
            symmetric(NumberFormat.INT2, 16),
            symmetric(NumberFormat.INT3, 32),
            symmetric(NumberFormat.INT4, 32),
            symmetric(NumberFormat.INT5, 32),
            symmetric(NumberFormat.INT6, 64),
            symmetric(NumberFormat.INT7, 16),
            symmetric(NumberFormat.INT8, 32),
            symmetric(NumberFormat.INT8, -1),
            new TensorScheme(NumberFormat.INT3, 16, false, NumberFormat.BF16),
            new TensorScheme(NumberFormat.INT4, 32, false, NumberFormat.BF16),
            new TensorScheme(NumberFormat.INT8, 64, false, NumberFormat.BF16),
            new TensorScheme(NumberFormat.INT8, -1, true, NumberFormat.INT8),
            new TensorScheme(NumberFormat.INT8, -1, false, NumberFormat.INT8));
    Stream<TensorScheme> floats =
        Stream.of(
            symmetric(NumberFormat.FP8_E4M3, -1),
            symmetric(NumberFormat.FP8_E4M3, 32),
            new TensorScheme(NumberFormat.FP8_E4M3, -1, true, NumberFormat.FP8_E4M3),
            symmetric(NumberFormat.MXFP4, 32),
            symmetric(NumberFormat.MXFP8, 32),
            symmetric(NumberFormat.NVFP4, 16));
    return Stream.concat(integers, floats).toList();
  }

  private static TensorScheme symmetric(NumberFormat format, int groupSize) {
    return TensorScheme.of(format, groupSize);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void tensorsAreThoseThatTheLibraryMakes(TensorScheme scheme) {
    ModuleScheme module = Modules.module(scheme.label(), 16, 64, false, scheme);
    List<TensorInfo> planned =
        new CompressedTensorsStorage()
            .planes(module, Dtype.BF16).stream().map(plane -> plane.of(module.name())).toList();
    try (Checkpoint made = Checkpoint.open(Path.of("src/test/resources/compressed-tensors-0.18"))) {
      List<TensorInfo> real =
          made.names().stream()
              .filter(name -> name.startsWith(scheme.label() + "."))
              .filter(name -> !name.endsWith(".dequantized"))
              .map(made::info)
              .toList();
      assertThat(planned).containsExactlyInAnyOrderElementsOf(real);
    }
  }
}
