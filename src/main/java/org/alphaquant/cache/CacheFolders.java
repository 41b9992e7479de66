package org.alphaquant.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The files that this service keeps beside a cache rather than in it, where other programs would
 * find them: partial downloads, headers of models whose weights are not cached, and the cache's id.
 *
 * @param folder on the cache's volume, since files move from here into it
 */
record CacheFolders(Path folder) {

  static CacheFolders beside(Path cache) {
    return new CacheFolders(cache.resolveSibling(cache.getFileName() + ".alphaquant"));
  }

  Path parts() {
    return folder.resolve("parts");
  }

  Path headers(Version pinned) {
    return folder.resolve("headers").resolve(pinned.folder()).resolve(pinned.revision());
  }

  /** The id of the cache, the same for all processes that share the folder. */
  UUID id() {
    Path file = folder.resolve("id");
    try {
      if (Files.notExists(file)) {
        Files.createDirectories(folder);
        Path draft = Files.createTempFile(folder, "id", null);
        Files.writeString(draft, UUID.randomUUID().toString());
        try {
          Files.createLink(file, draft);
        } catch (FileAlreadyExistsException another) {
          // Another process wrote its id first; that one counts.
        } finally {
          Files.delete(draft);
        }
      }
      return UUID.fromString(Files.readString(file).strip());
    } catch (IOException e) {
      throw new UncheckedIOException("the folder '%s' cannot be used".formatted(folder), e);
    }
  }
}
