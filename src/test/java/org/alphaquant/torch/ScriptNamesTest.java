package org.alphaquant.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What Java calls by name is there; a wrong name would only show when the call is made. */
class ScriptNamesTest {

  @Test
  void everyScriptFunctionThatJavaNamesExists() throws IOException {
    List<ScriptModule> modules = ScriptSources.read();
    Set<String> known =
        modules.stream()
            .flatMap(it -> it.functions().keySet().stream().map(name -> it.name() + "." + name))
            .collect(Collectors.toSet());
    String names = modules.stream().map(ScriptModule::name).collect(Collectors.joining("|"));
    Pattern literal = Pattern.compile("\"((?:" + names + ")\\.(?!json|cu\")[a-z_0-9]+)\"");
    Set<String> called = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
        String source = Files.readString(file);
        if (source.contains("TensorScope")) {
          literal.matcher(source).results().forEach(found -> called.add(found.group(1)));
        }
      }
    }
    assertThat(called).hasSizeGreaterThan(40);
    assertThat(known).containsAll(called);
  }

  @Test
  void sourcesArePlainPyTorch() throws IOException {
    for (ScriptModule module : ScriptSources.read()) {
      assertThat(module.source())
          .as(module.name())
          .contains("import torch\n")
          .doesNotContain("__torch__", "ops.prim", "dtype=6", ".to(6)");
    }
  }
}
