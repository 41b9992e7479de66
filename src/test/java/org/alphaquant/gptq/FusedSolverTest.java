package org.alphaquant.gptq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import java.util.List;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Needs a GPU; without JUnit the same is {@link KernelComparison#main}. */
@Tag("gpu")
class FusedSolverTest {

  @BeforeAll
  static void needsAGpu() {
    assumeTrue(Engine.getEngine("PyTorch").getGpuCount() > 0, "there is no GPU");
  }

  static List<KernelComparison.Case> cases() {
    return KernelComparison.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void kernelsSolveAsTheScriptsDo(KernelComparison.Case problem) {
    try (Torch torch = Torch.open("cuda:0")) {
      assertThat(KernelComparison.of(torch, problem)).matches(KernelComparison.Agreement::holds);
    }
  }
}
