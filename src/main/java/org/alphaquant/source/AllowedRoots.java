package org.alphaquant.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Folders that names are looked up in, in order. A name is a path below one of them; symbolic links
 * are followed and must end below a root too.
 *
 * @param property the setting that lists them, for messages
 */
public record AllowedRoots(String property, List<Path> roots) {

  public AllowedRoots {
    roots = roots.stream().map(root -> root.toAbsolutePath().normalize()).toList();
  }

  /**
   * The folder of that name.
   *
   * @throws SourceException if it is outside of every root or no folder
   */
  public Path folder(String name) {
    Path found = find(name);
    if (!Files.isDirectory(found)) {
      throw new SourceException("'%s' is a file; a folder is needed".formatted(name));
    }
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
        Optional<Path> real = real(candidate);
        if (real.isPresent()) {
          return checked(name, real.get());
        }
      }
    }
    throw inside
        ? new SourceException(
            "'%s' is not there; it is looked up below %s (%s)".formatted(name, property, roots))
        : new SourceException(
            "'%s' is outside of the allowed folders; %s allows %s"
                .formatted(name, property, roots));
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
