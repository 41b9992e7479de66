package org.alphaquant.runner;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.runner.child.RunnerMain;

/**
 * The command line and environment of a runner.
 *
 * @param prefix words before the command line
 * @param options additional options of the JVM
 * @param entry what the JVM runs: {@code -jar} and a jar, or {@code -cp}, a class path and a class
 */
record RunnerCommand(List<String> prefix, List<String> options, List<String> entry) {

  // Nothing else is passed on, because an environment may contain passwords and tokens.
  private static final Set<String> KEPT =
      Set.of("PATH", "HOME", "USER", "LANG", "TZ", "LD_LIBRARY_PATH", "OFFLINE", "RUST_FLAVOR");
  private static final List<String> KEPT_PREFIXES =
      List.of(
          "LC_",
          "CUDA_",
          "NVIDIA_",
          "OMP_",
          "GOMP_",
          "KMP_",
          "MKL_",
          "OPENBLAS_",
          "TORCH_",
          "PYTORCH_",
          "DJL_",
          "ENGINE_",
          "MALLOC_");

  // Disables core dumps; exec replaces the shell by the command.
  private static final List<String> SHELL =
      List.of("/bin/sh", "-c", "ulimit -c 0; exec \"$@\"", "runner");

  // Sets no_new_privs where setpriv is installed.
  private static final List<String> CONFINED =
      List.of(
          "/bin/sh",
          "-c",
          "setpriv --no-new-privs true 2>/dev/null && exec setpriv --no-new-privs \"$@\";"
              + " exec \"$@\"",
          "runner");

  RunnerCommand {
    prefix = List.copyOf(prefix);
    options = List.copyOf(options);
    entry = List.copyOf(entry);
  }

  /** Runs the same jar as this process. */
  static RunnerCommand of(RunnerSettings settings) {
    return of(settings, RunnerMain.class);
  }

  /** Runs another class of the class path; a jar always runs its own main class. */
  static RunnerCommand of(RunnerSettings settings, Class<?> main) {
    return new RunnerCommand(
        settings.command(), settings.options(), entry(System.getProperty("java.class.path"), main));
  }

  /** With absolute paths, because a runner has its own working directory. */
  static List<String> entry(String classPath, Class<?> main) {
    String absolute =
        Stream.of(classPath.split(File.pathSeparator))
            .map(path -> Path.of(path).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
    boolean packaged = classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator);
    return packaged ? List.of("-jar", absolute) : List.of("-cp", absolute, main.getName());
  }

  /**
   * Builds the process to start.
   *
   * @param folder its working directory, and where its temporary files go
   */
  ProcessBuilder process(Path folder, long heapBytes, Path socket, String token) {
    List<String> words = new ArrayList<>(SHELL);
    words.addAll(prefix);
    words.addAll(CONFINED);
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(
        List.of(
            "-Xmx" + (heapBytes >> 20) + "m",
            "-XX:+UseSerialGC",
            "-XX:-CreateCoredumpOnCrash",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "-Dlogback.configurationFile=runner-logback.xml",
            "-Djava.io.tmpdir=" + folder));
    words.addAll(options);
    words.addAll(entry);
    words.addAll(List.of(RunnerMain.COMMAND, socket.toString(), token));
    ProcessBuilder builder =
        new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true);
    reduce(builder.environment());
    return builder;
  }

  /** Leaves what a runner needs, and what its native libraries read. */
  static void reduce(Map<String, String> environment) {
    environment
        .keySet()
        .removeIf(
            name -> !KEPT.contains(name) && KEPT_PREFIXES.stream().noneMatch(name::startsWith));
    // With more arenas, glibc keeps more freed memory.
    environment.putIfAbsent("MALLOC_ARENA_MAX", "2");
    // Threads of PyTorch that wait by spinning take a busy machine's cores from those that work:
    // the demo took nine times as long.
    environment.putIfAbsent("OMP_WAIT_POLICY", "passive");
  }
}
