package org.alphaquant.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Programs of the system that tests of the deployment run. */
public final class Tools {
  private Tools() {}

  /**
   * Skips the test in one line where a program is missing; on CI, which installs them, it fails.
   */
  public static void need(String... programs) {
    List<String> missing = Stream.of(programs).filter(program -> !isThere(program)).toList();
    if ("true".equals(System.getenv("CI"))) {
      assertThat(missing).as("programs that .ci/run installs").isEmpty();
    }
    assumeTrue(missing.isEmpty(), () -> "not installed: " + missing);
  }

  /** The same, and the test must run as root. */
  static void needRoot(String... programs) {
    need(programs);
    assumeTrue("root".equals(System.getProperty("user.name")), "not run as root");
  }

  private static boolean isThere(String program) {
    return Stream.of((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** Runs a program to its end and returns what it printed; fails where it fails. */
  public static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes());
      assertThat(process.waitFor()).as("%s …:%n%s", command[0], output).isZero();
      return output;
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
