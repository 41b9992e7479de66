package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobResult;
import org.alphaquant.model.ModelFamilies;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A whole run, from source folder to result folder, for every family. */
class EveryFamilyQuantizesTest {

  private static final Path FIXTURES = Path.of("src/test/resources/micro");
  private static final Path VARIANTS = Path.of("src/test/resources/variants");
  private static final List<String> VARIANTS_WITH_TOKENIZER = List.of("gpt_oss", "gpt_oss_mxfp4");

  @TempDir private Path folder;

  static List<Path> fixtures() throws IOException {
    try (Stream<Path> folders = Files.list(FIXTURES)) {
      Stream<Path> variants = VARIANTS_WITH_TOKENIZER.stream().map(VARIANTS::resolve);
      return Stream.concat(folders.sorted(), variants).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void everyLinearButRoutersAndHeadIsPackedAndPerplexityHardlyMoves(Path fixture)
      throws IOException {
    JobResult result = run(fixture);
    assertThat(Math.log(result.perplexity().after() / result.perplexity().before()))
        .as("log ratio of perplexities of %s", fixture)
        .isBetween(-0.1, 0.1);
    try (Checkpoint source = Checkpoint.open(fixture);
        Checkpoint written = Checkpoint.open(folder.resolve("artifacts"))) {
      ModelDescription description = ModelFamilies.describe(source, null);
      for (ModuleDescription linear : description.linears()) {
        assertThat(written.has(linear.name() + ".weight_packed"))
            .as("%s is packed", linear.name())
            .isEqualTo(isQuantized(linear.kind()));
      }
      assertThat(plainNames(source, description))
          .filteredOn(name -> !written.has(name))
          .allMatch(name -> written.has(name + "_packed"));
    }
  }

  private static List<String> plainNames(Checkpoint source, ModelDescription description) {
    return ModelFamilies.recognise(source, null).plainTensors().stream()
        .map(tensor -> tensor.info().name())
        .toList();
  }

  private static boolean isQuantized(ModuleKind kind) {
    return !kind.isProtected();
  }

  private JobResult run(Path fixture) throws IOException {
    return TestRun.of(fixture, folder, "\"format\": \"compressed-tensors\"");
  }
}
