package org.alphaquant.cuda;

import ai.djl.util.Utils;
import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * NVIDIA's libraries beside libtorch. The linker knows them by name where they are installed; the
 * copies in a libtorch archive have a hash in their name, {@code libnvrtc-b51b459d.so.12}.
 */
final class SharedLibrary {

  private static final List<String> SUFFIXES = List.of(".so.13", ".so.12", ".so");

  private SharedLibrary() {}

  /**
   * Loads one.
   *
   * @param name without {@code lib} and what follows it
   * @throws UnsatisfiedLinkError if there is none
   */
  static <T extends Library> T load(String name, Class<T> functions) {
    UnsatisfiedLinkError first = null;
    for (String candidate : candidates(name)) {
      try {
        return Native.load(candidate, functions);
      } catch (UnsatisfiedLinkError missing) {
        first = first == null ? missing : first;
      }
    }
    throw first;
  }

  private static List<String> candidates(String name) {
    List<String> candidates = new ArrayList<>();
    SUFFIXES.forEach(suffix -> candidates.add("lib" + name + suffix));
    String given = System.getenv("PYTORCH_LIBRARY_PATH");
    Path folder = given == null ? Utils.getEngineCacheDir("pytorch") : Path.of(given);
    candidates.addAll(hashed(folder, name));
    return candidates;
  }

  /** Files of a folder, or of the folders in it, that are the library with a hash in its name. */
  static List<String> hashed(Path folder, String name) {
    try (Stream<Path> files = Files.walk(folder, 2)) {
      return files
          .filter(it -> it.getFileName().toString().matches("lib" + name + "-[0-9a-f]+\\.so.*"))
          .map(it -> it.toAbsolutePath().toString())
          .sorted()
          .toList();
    } catch (IOException unreadable) {
      return List.of();
    }
  }
}
