package org.alphaquant.gptq;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alphaquant.cuda.CudaSource;
import org.junit.jupiter.api.Test;

/** What Java launches by name is there, which without a GPU nothing else would show. */
class KernelNamesTest {

  private static final Path JAVA = Path.of("src/main/java/org/alphaquant");
  private static final Path CUDA = Path.of("src/main/resources/cuda");
  // What a kernel is called, by itself or by the macro that writes it out.
  private static final Pattern DEFINED =
      Pattern.compile(
          "^(?:extern \"C\" __global__ void (?:__launch_bounds__\\([^)]*\\) )?(\\w+)\\("
              + "|(?:GRAM|GRAM_TF32|SEARCH|SCALED)\\((\\w+),)",
          Pattern.MULTILINE);
  // Every lone lower-case word; scripts have a dot in their names, and scopes are no kernels.
  private static final Pattern NAMED = Pattern.compile("(?<!child\\()\"([a-z0-9_]+)\"");

  @Test
  void theSolverLaunchesJustTheKernelsOfItsSource() throws IOException {
    Set<String> named = new TreeSet<>();
    for (Path file : filesOf(JAVA.resolve("gptq"))) {
      String text = Files.readString(file);
      if (text.contains("CudaModule")) {
        named.addAll(named(text));
      }
    }
    assertThat(named).contains("error_feedback", "update_tf32_wide", "gram_16", "search_any");
    assertThat(named).isEqualTo(defined(SolverKernels.SOURCE.text()));
  }

  @Test
  void hessiansAreSummedByJustTheKernelsOfTheirSource() throws IOException {
    assertThat(named(Files.readString(JAVA.resolve("quantize/HessianKernels.java"))))
        .contains("add_weighted")
        .isEqualTo(defined(CudaSource.of("hessian.cu").text()));
    assertThat(named(Files.readString(JAVA.resolve("torch/RowKernels.java"))))
        .contains("scaled_rows")
        .isEqualTo(defined(CudaSource.of("rows.cu").text()));
  }

  @Test
  void everyPartOfTheSolversSourceIsPutIn() throws IOException {
    List<String> files =
        filesOf(CUDA.resolve("gptq")).stream().map(it -> CUDA.relativize(it).toString()).toList();
    assertThat(SolverKernels.SOURCE.parts()).containsExactlyInAnyOrderElementsOf(files);
  }

  private static List<Path> filesOf(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static Set<String> named(String java) {
    Set<String> names = new TreeSet<>();
    NAMED.matcher(java).results().forEach(found -> names.add(found.group(1)));
    return names;
  }

  private static Set<String> defined(String source) {
    Set<String> names = new TreeSet<>();
    DEFINED
        .matcher(source)
        .results()
        .forEach(found -> names.add(found.group(1) == null ? found.group(2) : found.group(1)));
    return names;
  }
}
