package org.alphaquant.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the script says before it builds or starts anything. */
class QuickstartScriptTest {
  @TempDir private Path folder;

  @Test
  void isWellFormed() throws Exception {
    assertThat(run(List.of("bash", "-n", "quickstart"), Map.of())).isEqualTo(new Outcome(0, ""));
  }

  @Test
  void helpNamesEveryOption() throws Exception {
    Outcome help = quickstart(Map.of(), "--help");

    assertThat(help.status()).isZero();
    assertThat(help.output())
        .contains("--port", "--management-port", "--data-dir", "--job", "--exit", "--help");
  }

  @Test
  void aWrongOptionIsNamed() throws Exception {
    assertThat(quickstart(Map.of(), "--prot=1"))
        .isEqualTo(failure(2, "unknown option --prot=1; see ./quickstart --help"));
    assertThat(quickstart(Map.of(), "--port=80a"))
        .isEqualTo(failure(2, "--port is \"80a\" but must be a number from 1 to 65535"));
    assertThat(quickstart(Map.of(), "--port"))
        .isEqualTo(failure(2, "--port needs a value; see ./quickstart --help"));
  }

  @Test
  void aTakenPortIsNamedWithItsOwnerAndTheWayOut() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();

      Outcome outcome = quickstart(Map.of(), "--port", Integer.toString(port));

      assertThat(outcome.status()).isEqualTo(1);
      assertThat(outcome.output().lines())
          .singleElement()
          .asString()
          .startsWith("quickstart: port %d is taken by ".formatted(port))
          .contains("java (process %d)".formatted(ProcessHandle.current().pid()), "--port ");
    }
  }

  @Test
  void aJavaThatIsTooOldIsNamedWithItsVersion() throws Exception {
    Path java = program("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");

    assertThat(quickstart(Map.of("JAVA_HOME", folder.toString())))
        .isEqualTo(
            failure(
                1,
                "Java 11.0.2 found at %s; a JDK of version 17 or later is needed".formatted(java)));
  }

  @Test
  void aJavaThatCountsFromOneIsTooOld() throws Exception {
    program("java", "echo 'java version \"1.8.0_391\"' >&2");

    assertThat(quickstart(Map.of("JAVA_HOME", folder.toString())).output())
        .contains("Java 1.8.0_391 found", "17");
  }

  @Test
  void aMissingJavaIsNamed() throws Exception {
    assertThat(quickstart(Map.of("JAVA_HOME", folder.toString())))
        .isEqualTo(
            failure(
                1,
                "no Java found in JAVA_HOME (%s); install a JDK of version 17 or later"
                    .formatted(folder)));
  }

  @Test
  void aDataDirectoryThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "in the way");

    assertThat(quickstart(Map.of(), "--port=" + freePort(), "--data-dir=" + file.resolve("data")))
        .isEqualTo(
            failure(
                1,
                "data directory %s cannot be written; choose another one with --data-dir"
                    .formatted(file.resolve("data"))));
  }

  private Path program(String name, String body) throws IOException {
    Path program = Files.createDirectories(folder.resolve("bin")).resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + body + "\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return program;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static Outcome failure(int status, String message) {
    return new Outcome(status, "quickstart: " + message + "\n");
  }

  private static Outcome quickstart(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return run(
        Stream.concat(Stream.of("./quickstart"), Stream.of(arguments)).toList(), environment);
  }

  private static Outcome run(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output);
  }

  private record Outcome(int status, String output) {}
}
