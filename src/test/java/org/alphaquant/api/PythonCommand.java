package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs examples in Python where there is one; a build machine must have it. */
final class PythonCommand {

  private PythonCommand() {}

  static boolean isThere() {
    boolean there =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3")));
    if (!there) {
      assertThat(System.getenv("CI")).as("python3 is not on the path").isNotEqualTo("true");
      System.out.println("No python3 on the path: the Python example is not run.");
    }
    return there;
  }

  /** Its output and errors; fails where it does not end with 0. */
  static String run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("python3"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
