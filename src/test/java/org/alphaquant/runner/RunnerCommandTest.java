package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RunnerCommandTest {
  @Test
  void aJarThatWasNamedBesideTheServiceIsFoundFromTheRunnersFolder() {
    assertThat(RunnerCommand.entry("target/alphaquant-server.jar", RunnerCommandTest.class))
        .containsExactly("-jar", absolute("target/alphaquant-server.jar"));
  }

  @Test
  void everyPartOfAClassPathIsFoundFromTheRunnersFolder() {
    String classPath = "target/classes" + File.pathSeparator + "/lib/torch.jar";

    assertThat(RunnerCommand.entry(classPath, RunnerCommandTest.class))
        .containsExactly(
            "-cp",
            absolute("target/classes") + File.pathSeparator + "/lib/torch.jar",
            RunnerCommandTest.class.getName());
  }

  private static String absolute(String path) {
    return Path.of(path).toAbsolutePath().toString();
  }
}
