package org.alphaquant.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NvidiaSmiTest {
  private static final long GIBIBYTE = 1L << 30;
  private static final List<String> TWO_GPUS =
      List.of("0, GPU-aaaa-1, 81920", "1, GPU-bbbb-2, 40960");

  @Test
  void withoutARestrictionEveryGpuCounts() {
    assertThat(NvidiaSmi.memoryOfVisible(TWO_GPUS, null))
        .containsExactly(80 * GIBIBYTE, 40 * GIBIBYTE);
  }

  @Test
  void theVisibleOnesCountInTheirOrder() {
    assertThat(NvidiaSmi.memoryOfVisible(TWO_GPUS, "1,0"))
        .containsExactly(40 * GIBIBYTE, 80 * GIBIBYTE);
    assertThat(NvidiaSmi.memoryOfVisible(TWO_GPUS, "GPU-bbbb")).containsExactly(40 * GIBIBYTE);
  }

  @Test
  void theListEndsAtTheFirstUnknownName() {
    assertThat(NvidiaSmi.memoryOfVisible(TWO_GPUS, "1,-1,0")).containsExactly(40 * GIBIBYTE);
    assertThat(NvidiaSmi.memoryOfVisible(TWO_GPUS, "")).isEmpty();
  }

  @Test
  void linesThatAreNoGpuAreLeftOut() {
    assertThat(NvidiaSmi.memoryOfVisible(List.of("No devices were found"), null)).isEmpty();
  }
}
