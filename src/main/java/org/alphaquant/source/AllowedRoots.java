package org.alphaquant.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Links;

/**
 * Folders that names are looked up in, in order. A name is a path below one of them; symbolic links
 * are followed and must end below a root too, those inside a model's folder as well. The files that
 * a snapshot in a hub's cache links to are the cache's own; the folder of a model in such a cache,
 * {@code path/models--org--name} or {@code path/org/name}, means its snapshot of {@code main}.
 *
 * @param property the setting that lists them, for messages
 */
public record AllowedRoots(String property, List<Path> roots) {

  private static final long MAX_REVISION = 1024;

  public AllowedRoots {
    roots = roots.stream().map(root -> root.toAbsolutePath().normalize()).toList();
  }

  /**
   * The folder of that name.
   *
   * @throws SourceException if it or a file in it is outside of every root, or if it is no folder
   */
  public Path folder(String name) {
    Path found = snapshot(name, find(name));
    if (!Files.isDirectory(found)) {
      throw new SourceException("'%s' is a file; a folder is needed".formatted(name));
    }
    checkLinks(name, found);
    return found;
  }

  /**
   * The file of that name.
   *
   * @throws SourceException if it is outside of every root or no readable file
   */
  public Path file(String name) {
    Path found = find(name);
    if (!Files.isRegularFile(found) || !Files.isReadable(found)) {
      throw new SourceException("'%s' is not a readable file".formatted(name));
    }
    return found;
  }

  private Path find(String name) {
    Path path = path(name);
    boolean inside = false;
    for (Path root : roots) {
      Path candidate = root.resolve(path).normalize();
      if (candidate.startsWith(root)) {
        inside = true;
        Optional<Path> real = real(candidate).or(() -> real(repository(root, candidate)));
        if (real.isPresent()) {
          return checked(name, real.get());
        }
      }
    }
    throw inside
        ? new SourceException(
            "'%s' does not exist; it is looked up below %s (%s)".formatted(name, property, roots))
        : new SourceException(
            "'%s' is outside of the allowed folders; %s allows %s"
                .formatted(name, property, roots));
  }

  /** Where a hub's cache deeper below the root keeps this repository. */
  private static Path repository(Path root, Path candidate) {
    Path organisation = candidate.getParent();
    boolean isDeeper = root.relativize(candidate).getNameCount() > 2;
    return isDeeper
        ? organisation.resolveSibling(
            "models--" + organisation.getFileName() + "--" + candidate.getFileName())
        : candidate;
  }

  private Path snapshot(String name, Path repository) {
    Path main = repository.resolve("refs").resolve("main");
    if (Files.exists(repository.resolve("config.json")) || !Files.isRegularFile(main)) {
      return repository;
    }
    try {
      Links checked = file -> checked(name + "/refs/main", file.toRealPath());
      String revision = checked.text(main, MAX_REVISION).strip();
      Path snapshot = repository.resolve("snapshots").resolve(revision);
      return Files.isDirectory(snapshot)
          ? checked(name + "/snapshots/" + revision, snapshot.toRealPath())
          : repository;
    } catch (IOException | InvalidPathException e) {
      throw new SourceException("'%s/refs/main' cannot be read: %s".formatted(name, e));
    }
  }

  /**
   * Which links in a model's folder may be followed: those that end in the folder, below a root, or
   * at the contents of the hub's cache that the folder is a snapshot in.
   */
  public Links links(Path folder) {
    return file -> {
      Path real = file.toRealPath();
      boolean own =
          real.startsWith(folder.toRealPath())
              || blobs(folder).flatMap(AllowedRoots::real).filter(real::startsWith).isPresent();
      return own ? real : checked(folder.getFileName() + "/" + folder.relativize(file), real);
    };
  }

  private void checkLinks(String name, Path folder) {
    Optional<Path> blobs = blobs(folder).flatMap(AllowedRoots::real);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path link : files.filter(Files::isSymbolicLink).toList()) {
        Optional<Path> real = real(link);
        if (real.isPresent() && blobs.filter(real.get()::startsWith).isEmpty()) {
          checked(name + "/" + folder.relativize(link), real.get());
        }
      }
    } catch (IOException e) {
      throw new SourceException("'%s' cannot be listed: %s".formatted(name, e));
    } catch (UncheckedIOException e) {
      throw new SourceException("'%s' cannot be listed: %s".formatted(name, e.getCause()));
    }
  }

  /** Where a hub's cache, {@code snapshots/<revision>}, has the files themselves. */
  private static Optional<Path> blobs(Path folder) {
    Path parent = folder.getParent();
    boolean isSnapshot = parent != null && parent.endsWith("snapshots");
    return isSnapshot ? Optional.of(parent.resolveSibling("blobs")) : Optional.empty();
  }

  private Path checked(String name, Path real) {
    boolean allowed =
        roots.stream().flatMap(root -> real(root).stream()).anyMatch(real::startsWith);
    if (!allowed) {
      throw new SourceException(
          "'%s' is a link to outside of the allowed folders; %s allows %s"
              .formatted(name, property, roots));
    }
    return real;
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new SourceException("'%s' is not a path: %s".formatted(name, e.getReason()));
    }
  }

  private static Optional<Path> real(Path path) {
    try {
      return Optional.of(path.toRealPath());
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }
}
