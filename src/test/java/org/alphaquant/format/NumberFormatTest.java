package org.alphaquant.format;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NumberFormatTest {

  @ParameterizedTest
  @CsvSource({
    "int2, 2, 0, 1, -2, 1",
    "int4, 4, 0, 7, -8, 1",
    "int8, 8, 0, 127, -128, 1",
    "fp4, 4, 1, 6, -6, 0.5",
    "fp6, 6, 3, 7.5, -7.5, 0.125",
    "fp6_e3m2, 6, 2, 28, -28, 0.0625",
    "fp8, 8, 3, 448, -448, 0.001953125",
    "fp8_e5m2, 8, 2, 57344, -57344, 0.0000152587890625",
    "mxfp4, 4, 1, 6, -6, 0.5",
    "nvfp4, 4, 1, 6, -6, 0.5",
  })
  void gridsHaveTheLimitsOfTheirSpecifications(
      String name, int bits, int mantissaBits, double largest, double smallest, double step) {
    NumberFormat format = NumberFormat.named(name).orElseThrow();
    assertThat(format.bits()).isEqualTo(bits);
    assertThat(format.mantissaBits()).isEqualTo(mantissaBits);
    assertThat(format.largest()).isEqualTo(largest);
    assertThat(format.smallest()).isEqualTo(smallest);
    assertThat(Math.scalb(1.0, format.minimumExponent() - mantissaBits)).isEqualTo(step);
  }

  @ParameterizedTest
  @EnumSource
  void everyFormatIsFoundByItsName(NumberFormat format) {
    assertThat(NumberFormat.named(format.jsonName())).contains(format);
  }

  @Test
  void namesAreInLowerCaseOnly() {
    assertThat(NumberFormat.named("INT4")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "mxfp4, 64, true",
    "mxfp4, 48, false",
    "mxfp4, 16, false",
    "nvfp4, 48, true",
    "int4, 48, true",
    "int4, 0, false",
    "int4, -1, true",
    "int4, -2, false",
  })
  void groupSizesAreWholeBlocks(String name, int groupSize, boolean accepted) {
    NumberFormat format = NumberFormat.named(name).orElseThrow();
    assertThat(format.acceptsGroupSize(groupSize)).isEqualTo(accepted);
  }
}
