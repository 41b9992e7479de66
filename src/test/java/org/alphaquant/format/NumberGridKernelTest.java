package org.alphaquant.format;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NumberGridKernelTest {

  private static Torch torch;

  @BeforeAll
  static void open() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void close() {
    torch.close();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BF16")
  void everyCodeDecodesToAValueThatEncodesToItAgain(NumberFormat format) {
    try (TensorScope scope = torch.scope("test")) {
      double[] grid = grid(format);
      float[] values = decoded(scope, allCodes(format), grid);
      NDArray again =
          scope.run(
              "format.encode",
              scope.run("format.round_to_grid", scope.floats(values, values.length), grid),
              grid);
      int[] finite = finiteCodes(format, values);
      long[] encoded = scope.toLongs(again);
      for (int code : finite) {
        assertThat(encoded[code]).as("%s code %d", format, code).isEqualTo(code);
      }
      assertThat(finite.length).isGreaterThanOrEqualTo((1 << format.bits()) - 8);
    }
  }

  @Test
  void theFloatGridsAreThoseOfTheMicroscalingSpecification() {
    try (TensorScope scope = torch.scope("test")) {
      float[] e2m1 = decoded(scope, allCodes(NumberFormat.MXFP4), grid(NumberFormat.MXFP4));
      assertThat(Arrays.copyOf(e2m1, 8)).containsExactly(0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f);
      assertThat(e2m1[15]).isEqualTo(-6f);
      float[] e2m3 = decoded(scope, allCodes(NumberFormat.FP6_E2M3), grid(NumberFormat.FP6_E2M3));
      assertThat(e2m3[1]).isEqualTo(0.125f);
      assertThat(e2m3[31]).isEqualTo(7.5f);
      float[] e3m2 = decoded(scope, allCodes(NumberFormat.FP6_E3M2), grid(NumberFormat.FP6_E3M2));
      assertThat(e3m2[1]).isEqualTo(0.0625f);
      assertThat(e3m2[31]).isEqualTo(28f);
      float[] e4m3 = decoded(scope, allCodes(NumberFormat.FP8_E4M3), grid(NumberFormat.FP8_E4M3));
      assertThat(e4m3[0x7e]).isEqualTo(448f);
      assertThat(e4m3[1]).isEqualTo((float) Math.pow(2, -9));
    }
  }

  @Test
  void halvesRoundToTheEvenCodeAndWhatIsTooLargeSaturates() {
    float[] v = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5f, 5.1f, 100f, -0.25f, -5f};
    float[] expected = {0f, 1f, 1f, 2f, 2f, 4f, 4f, 6f, 6f, -0f, -4f};
    try (TensorScope scope = torch.scope("test")) {
      NDArray rounded =
          scope.run("format.round_to_grid", scope.floats(v, v.length), grid(NumberFormat.MXFP4));
      assertThat(scope.toFloats(rounded)).containsExactly(expected);
    }
  }

  @Test
  void eightBitFloatsRoundAsTorchsOwnConversionDoes() {
    float[] v = new float[4001];
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) ((i - 2000) * 0.2013 * Math.pow(2, -(i % 17)));
    }
    try (TensorScope scope = torch.scope("test")) {
      NDArray values = scope.floats(v, v.length);
      for (NumberFormat format :
          new NumberFormat[] {NumberFormat.FP8_E4M3, NumberFormat.FP8_E5M2}) {
        TorchDtype dtype =
            format == NumberFormat.FP8_E4M3 ? TorchDtype.FLOAT8_E4M3 : TorchDtype.FLOAT8_E5M2;
        NDArray ours = scope.run("format.round_to_grid", values, grid(format));
        NDArray theirs = scope.run("tensor.to_dtype", values, dtype.number());
        assertThat(scope.toFloats(ours)).containsExactly(scope.toFloats(theirs));
        NDArray codes = scope.run("format.encode", ours, grid(format));
        assertThat(scope.toBytes(codes)).isEqualTo(scope.toBytes(theirs));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1.74, 125",
    "1.75, 125",
    "1.99, 125",
    "2, 126",
    "3.5, 126",
    "6, 127",
    "7.9, 127",
    "0, 127"
  })
  void theSharedExponentIsTheFloorOfTheSpecification(float amax, int expected) {
    try (TensorScope scope = torch.scope("test")) {
      NDArray scale =
          scope.run(
              "format.power_of_two_scale",
              scope.floats(new float[] {amax}, 1),
              NumberFormat.MXFP4.largest(),
              0);
      assertThat(scope.toLongs(scope.run("packing.exponents", scale))).containsExactly(expected);
    }
  }

  private static double[] grid(NumberFormat format) {
    long inputs = 128;
    TensorScheme scheme =
        new TensorScheme(format, format.defaultGroupSize(), true, NumberFormat.BF16);
    return WeightGrid.of(scheme, inputs, TorchDtype.BFLOAT16).numbers();
  }

  private static float[] allCodes(NumberFormat format) {
    float[] codes = new float[1 << format.bits()];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = i;
    }
    return codes;
  }

  private static float[] decoded(TensorScope scope, float[] codes, double[] grid) {
    NDArray bytes =
        scope.run("tensor.to_dtype", scope.floats(codes, codes.length), TorchDtype.UINT8.number());
    return scope.toFloats(scope.run("format.decode", bytes, grid));
  }

  // The formats of 8 bits have codes for infinity and not-a-number, which no weight gets.
  private static int[] finiteCodes(NumberFormat format, float[] values) {
    return IntStream.range(0, values.length)
        .filter(code -> Math.abs(values[code]) <= Math.max(-format.smallest(), format.largest()))
        .toArray();
  }
}
