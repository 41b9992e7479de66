package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizationBenchTest {

  @TempDir Path folder;

  @Test
  void theSmallestShapeRunsAndNamesItsStages() throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    new QuantizationBench(
            ModelShape.of("tiny"), "cpu", folder, Map.of("layers", "1"), new PrintStream(printed))
        .run();
    assertThat(printed.toString())
        .contains("from reading to verified")
        .contains("quantize/solve", "quantize/hessian", "verify", "between stages")
        .contains("GPTQ as published", "[64, 32]: ", "times as fast")
        .doesNotContain("NaN");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(folder.resolve("calibration.jsonl"));
    }
  }
}
