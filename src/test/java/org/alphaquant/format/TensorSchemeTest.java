package org.alphaquant.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TensorSchemeTest {

  @Test
  void bitsPerWeightCountScalesAndZeroPoints() {
    assertThat(TensorScheme.of(NumberFormat.INT4, 128).bitsPerWeight(2048)).isEqualTo(4.125);
    assertThat(TensorScheme.of(NumberFormat.MXFP4, 32).bitsPerWeight(2048)).isEqualTo(4.25);
    assertThat(TensorScheme.of(NumberFormat.NVFP4, 16).bitsPerWeight(2048)).isEqualTo(4.5);
    assertThat(TensorScheme.of(NumberFormat.INT8, -1).bitsPerWeight(1024)).isEqualTo(8.015625);
    assertThat(TensorScheme.UNQUANTIZED.bitsPerWeight(1024)).isEqualTo(16);
    TensorScheme asymmetric = new TensorScheme(NumberFormat.INT4, 32, false, NumberFormat.BF16);
    assertThat(asymmetric.bitsPerWeight(64)).isEqualTo(4 + 20 / 32.0);
  }

  @Test
  void anMxSchemeHasItsBlockAsGroupSize() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TensorScheme.of(NumberFormat.MXFP6_E2M3, 64))
        .withMessage("group size of mxfp6 is 64 but its block is 32");
  }

  @Test
  void onlyIntegersHaveZeroPoints() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TensorScheme(NumberFormat.FP8_E4M3, -1, false, NumberFormat.BF16))
        .withMessage("fp8 has no zero points");
  }

  @Test
  void rowsThatDoNotFillWholeGroupsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TensorScheme.of(NumberFormat.INT4, 128).groups(192))
        .withMessage("group size 128 does not divide in_features 192");
  }

  @Test
  void labelsReadLikeThePaper() {
    assertThat(TensorScheme.of(NumberFormat.INT4, 128).label()).isEqualTo("int4 g128");
    assertThat(new TensorScheme(NumberFormat.FP8_E4M3, -1, true, NumberFormat.FP8_E4M3).label())
        .isEqualTo("fp8 per channel with fp8 inputs");
    assertThat(new TensorScheme(NumberFormat.INT8, -1, false, NumberFormat.BF16).label())
        .isEqualTo("int8 per channel asymmetric");
    assertThat(TensorScheme.UNQUANTIZED.label()).isEqualTo("bf16");
  }
}
