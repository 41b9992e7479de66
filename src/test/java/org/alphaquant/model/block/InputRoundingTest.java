package org.alphaquant.model.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.Test;

class InputRoundingTest {

  @Test
  void eachTokenIsRoundedToIntegersBelowItsOwnLargestValue() {
    float[] x = {0.5f, -1f, 0.26f, 3f, -25.5f, 7f, 0.09f, 0f};
    float[] expected = new float[8];
    for (int i = 0; i < 8; i++) {
      double scale = (i < 4 ? 3 : 25.5) / 127.5;
      expected[i] = (float) (Math.max(-128, Math.min(127, Math.rint(x[i] / scale))) * scale);
    }
    assertThat(round(x, 2, 4, new InputRounding(false, -128, 127, 0, 0, 0, 0, 1)))
        .containsExactly(expected, within(1e-5f));
  }

  @Test
  void blocksOfMicroscalingFormatsShareAPowerOfTwo() {
    float[] x = new float[64];
    x[0] = 1.74f;
    x[1] = 0.3f;
    x[32] = 1.75f;
    x[33] = 0.3f;
    float[] rounded = round(x, 1, 64, new InputRounding(true, -6, 6, 1, 0, 32, 1, 1));
    // The largest value 1.74 gives the scale 1/4, where 1.74 saturates at 6; 1.75 gives 1/2.
    assertThat(new float[] {rounded[0], rounded[1]}).containsExactly(1.5f, 0.25f);
    assertThat(new float[] {rounded[32], rounded[33]}).containsExactly(2f, 0.25f);
  }

  @Test
  void nothingIsDoneWithoutARounding() {
    assertThat(InputRounding.NONE.isNone()).isTrue();
    float[] x = {0.1f, -3.7f};
    assertThat(round(x, 1, 2, InputRounding.NONE)).isEqualTo(x);
  }

  private static float[] round(float[] x, int tokens, int width, InputRounding rounding) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      return scope.toFloats(rounding.apply(scope, scope.floats(x, tokens, width)));
    }
  }
}
