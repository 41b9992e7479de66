package org.alphaquant.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.alphaquant.checkpoint.CompanionName;
import org.alphaquant.checkpoint.Links;

/**
 * Companion files of a source: those copied to the result, and those left out.
 *
 * @param carried the files by their paths below the source, with {@code /} between names
 * @param leftOut the reason for every file left out, by the same paths
 */
public record Companions(Map<String, Path> carried, Map<String, String> leftOut) {

  /** The largest published tokenizer files have some 35 MB. */
  static final long MAX_BYTES = 256L << 20;

  /** All of them together. */
  static final long MAX_TOTAL = 1L << 30;

  private static final int MAX_FILES = 2_000;
  private static final int DEPTH = 3;

  /** Files that the result writes itself. */
  private static final Set<String> OWN =
      Set.of(
          "config.json", "README.md", "quantization_report.json", "experts.json", "imatrix.gguf");

  /** Those of a source, down to three folders deep. */
  public static Companions of(Path source) {
    Collected collected = new Collected(source);
    try {
      Files.walkFileTree(source, Set.of(), DEPTH, collected);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Companions(collected.carried, collected.leftOut);
  }

  /** Copies the carried files, except where the result has its own. */
  void copy(Path folder, Links links) throws IOException {
    for (Map.Entry<String, Path> file : carried.entrySet()) {
      Path target = folder.resolve(file.getKey());
      if (!Files.exists(target)) {
        Files.createDirectories(target.getParent());
        links.copy(file.getValue(), target);
      }
    }
  }

  private static final class Collected extends SimpleFileVisitor<Path> {

    private final Path source;
    private final Map<String, Path> carried = new TreeMap<>();
    private final Map<String, String> leftOut = new TreeMap<>();
    private long bytes;

    Collected(Path source) {
      this.source = source;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      boolean isHidden = folder.getFileName().toString().startsWith(".");
      return isHidden && !folder.equals(source)
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    // The targets of links are checked when they are copied.
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      String path = source.relativize(file).toString().replace('\\', '/');
      if (!OWN.contains(path)) {
        Optional<String> reason = CompanionName.leftOut(path);
        reason = reason.isPresent() ? reason : reason(file);
        if (reason.isPresent()) {
          leftOut.put(path, reason.get());
        } else {
          carried.put(path, file);
          bytes += Files.size(file);
        }
      }
      return FileVisitResult.CONTINUE;
    }

    private Optional<String> reason(Path file) throws IOException {
      if (!Files.isRegularFile(file)) {
        return Optional.of("no file, or a folder more than %d deep".formatted(DEPTH - 1));
      }
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        return Optional.of("%,d bytes, over the limit of %,d".formatted(size, MAX_BYTES));
      }
      return bytes + size > MAX_TOTAL || carried.size() == MAX_FILES
          ? Optional.of("beyond the first %,d bytes or %,d files".formatted(MAX_TOTAL, MAX_FILES))
          : Optional.empty();
    }
  }
}
