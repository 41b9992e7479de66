package org.alphaquant.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorScopeTest {

  @Test
  void bfloat16BytesBecomeAnArrayAndComeBackUnchanged() {
    ByteBuffer one = ByteBuffer.allocateDirect(4).order(ByteOrder.LITTLE_ENDIAN);
    one.putShort((short) 0x3f80).putShort((short) 0xc000).flip();
    ByteBuffer two = ByteBuffer.allocateDirect(4).order(ByteOrder.LITTLE_ENDIAN);
    two.putShort((short) 0x4049).putShort((short) 0x0000).flip();
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray array = scope.tensor(TorchDtype.BFLOAT16, new long[] {2, 2}, List.of(one, two));
      assertThat(array.getShape().getShape()).containsExactly(2, 2);
      assertThat(scope.toFloats(array)).containsExactly(1f, -2f, 3.140625f, 0f);
      ByteBuffer bytes = scope.toBytes(array);
      assertThat(bytes.remaining()).isEqualTo(8);
      assertThat(bytes.getShort(0)).isEqualTo((short) 0x3f80);
    }
  }

  @Test
  void bytesThatDoNotFillTheShapeAreRefusedWithBothSizes() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("reading layer 3")) {
      assertThatThrownBy(
              () ->
                  scope.tensor(
                      TorchDtype.FLOAT32, new long[] {3}, List.of(ByteBuffer.allocateDirect(8))))
          .hasMessageContaining("reading layer 3")
          .hasMessageContaining("12 bytes")
          .hasMessageContaining("8 are given");
    }
  }

  @Test
  void aRefusingScriptNamesTheStageAndTheFunction() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("layer 7")) {
      NDArray array = scope.floats(new float[] {1, 2, 3}, 3);
      assertThatThrownBy(() -> scope.run("tensor.reinterpret", array, 6, new long[] {2, 2}))
          .isInstanceOf(TorchException.class)
          .hasMessageContaining("layer 7")
          .hasMessageContaining("tensor.reinterpret")
          .hasMessageContaining("shape");
    }
  }

  @Test
  void segmentsGrowWhereEitherVariableSaysSoTheNewerOneFirst() {
    String grow = "expandable_segments:True";
    assertThat(TensorScope.segmentsGrow(Map.of())).isFalse();
    assertThat(TensorScope.segmentsGrow(Map.of("PYTORCH_CUDA_ALLOC_CONF", "a:1, " + grow)))
        .isTrue();
    assertThat(
            TensorScope.segmentsGrow(
                Map.of("PYTORCH_ALLOC_CONF", "a:1", "PYTORCH_CUDA_ALLOC_CONF", grow)))
        .isFalse();
  }
}
