package org.alphaquant.llamacpp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.alphaquant.checkpoint.WrittenFile;

/**
 * llama.cpp 0.5.0 as a prebuilt library: the npm package of node-llama-cpp for this machine, packed
 * once for each build and checked by its SHA-256. Node is not run.
 */
final class LlamaCpp {

  private static final String VERSION = "3.22.1";
  private static final Map<String, String> SHA256 =
      Map.of(
          "linux-x64", "0d953e1503d5ab4608d8ed5b739132308c81ac05ffeb760d2a7f30e08a9f90e0",
          "linux-arm64", "39c76b998e35ed2f236c01472fc79eda0fc558b1c8b535023c2d7ded8c327cc4");
  private static final Path HOME = Path.of("target", "llama.cpp").toAbsolutePath();

  private LlamaCpp() {}

  /**
   * The folder of the libraries; empty, with the reason on standard output, where they cannot be
   * had. A continuous integration run without them fails.
   */
  static synchronized Optional<Path> folder() {
    String platform = "linux-" + (System.getProperty("os.arch").equals("amd64") ? "x64" : "arm64");
    Path folder = HOME.resolve("package").resolve("bins").resolve(platform);
    try (FileChannel file = lockFile()) {
      // Given back when the channel is closed.
      file.lock();
      if (!Files.exists(folder.resolve("libllama.v0.5.0.so"))) {
        fetch(platform);
      }
      return Optional.of(folder);
    } catch (IOException | IllegalStateException missing) {
      if ("true".equals(System.getenv("CI"))) {
        throw new IllegalStateException("llama.cpp is missing: " + missing.getMessage(), missing);
      }
      System.out.println("Skipped the tests in llama.cpp: " + missing.getMessage());
      return Optional.empty();
    }
  }

  // Tests run in more than one process, and all but one of them wait here.
  private static FileChannel lockFile() throws IOException {
    Files.createDirectories(HOME.getParent());
    return FileChannel.open(
        HOME.resolveSibling("llama.cpp.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void fetch(String platform) throws IOException {
    Path scratch = Files.createDirectories(HOME.resolveSibling("llama.cpp.partial"));
    String name = "node-llama-cpp-" + platform + "-" + VERSION + ".tgz";
    run(scratch, "npm", "pack", "--silent", "@node-llama-cpp/" + platform + "@" + VERSION);
    String found = WrittenFile.of(scratch.resolve(name)).sha256();
    if (!found.equals(SHA256.get(platform))) {
      throw new IllegalStateException(name + " has SHA-256 " + found);
    }
    run(scratch, "tar", "-xzf", name);
    Files.delete(scratch.resolve(name));
    Files.move(scratch, HOME, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void run(Path folder, String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException(command[0] + " did not end within two minutes");
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException(stopped));
    }
    if (process.exitValue() != 0) {
      throw new IllegalStateException(
          String.join(" ", command) + " ended with status " + process.exitValue());
    }
  }
}
