package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
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

  @Test
  void aRunnerHasNoSecretsAndWaitsWithoutSpinningUnlessToldTo() {
    Map<String, String> environment =
        new HashMap<>(Map.of("PATH", "/bin", "AWS_SECRET_ACCESS_KEY", "s", "OMP_NUM_THREADS", "2"));
    RunnerCommand.reduce(environment);
    assertThat(environment)
        .containsOnlyKeys("PATH", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "OMP_WAIT_POLICY")
        .containsEntry("OMP_WAIT_POLICY", "passive");

    Map<String, String> told = new HashMap<>(Map.of("OMP_WAIT_POLICY", "active"));
    RunnerCommand.reduce(told);
    assertThat(told).containsEntry("OMP_WAIT_POLICY", "active");
  }

  private static String absolute(String path) {
    return Path.of(path).toAbsolutePath().toString();
  }
}
