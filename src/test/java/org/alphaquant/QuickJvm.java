package org.alphaquant;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Processes that a test starts: they live for seconds, so what counts is how soon they work.
 * Without the optimizing compiler and the verification of class files that were compiled here, a
 * service takes a third less of the processor to start.
 */
public final class QuickJvm {
  /** Options of a JVM that a test starts. */
  public static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:-BytecodeVerificationRemote");

  /** The same for the runners of a service: what {@code alphaquant.runner.options} is set to. */
  public static final String RUNNER_OPTIONS = String.join(",", OPTIONS.subList(1, OPTIONS.size()));

  private QuickJvm() {}

  /** Command line that runs a class of the tests' class path; arguments may be appended. */
  public static List<String> command(Class<?> main, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(OPTIONS);
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return command;
  }
}
