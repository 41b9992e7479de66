package org.alphaquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class KernelArgumentsTest {

  @Test
  void everyArgumentLiesWhereItsAddressSays() {
    ByteBuffer structure =
        ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putFloat(0.5f).putInt(7).flip();
    try (Memory addresses =
        new KernelArguments().add(3).add(1L << 40).add(structure).add(4).addresses()) {
      assertThat(addresses.getPointer(0).getInt(0)).isEqualTo(3);
      assertThat(addresses.getPointer(8).getLong(0)).isEqualTo(1L << 40);
      assertThat(addresses.getPointer(16).getFloat(0)).isEqualTo(0.5f);
      assertThat(addresses.getPointer(16).getInt(4)).isEqualTo(7);
      assertThat(addresses.getPointer(24).getInt(0)).isEqualTo(4);
    }
  }
}
