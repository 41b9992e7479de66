package org.alphaquant.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A folder in the layout that the Python libraries share:
 *
 * <pre>
 * models--org--name/blobs/ETAG                content, named by its hash
 * models--org--name/refs/BRANCH               the commit it was at when it was last looked up
 * models--org--name/snapshots/COMMIT/PATH     a link to the content
 * models--org--name/trees/COMMIT.json         all files of the commit
 * </pre>
 *
 * Every file appears under its name by one rename, complete; a snapshot's list of files comes first
 * and its links last, so that a reader can tell a whole snapshot from a part.
 */
final class HubCache {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String TAG =
      "Signature: 8a477f597d28d172789f06886806bc55\n"
          + "# This file is a cache directory tag: what lies beside it can be downloaded again.\n"
          + "# For information about cache directory tags, see https://bford.info/cachedir/\n";

  private final Path root;

  HubCache(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  Path repository(HubReference reference) {
    return root.resolve(reference.folder());
  }

  Path snapshot(HubReference pinned) {
    return repository(pinned).resolve("snapshots").resolve(pinned.revision());
  }

  Path blob(HubReference reference, HubFile file) {
    return repository(reference).resolve("blobs").resolve(file.etag());
  }

  /** The commit that the revision was at when somebody looked it up last. */
  Optional<HubReference> pinned(HubReference reference) {
    if (reference.isPinned()) {
      return Optional.of(reference);
    }
    Path ref = repository(reference).resolve("refs").resolve(reference.revision());
    try {
      HubReference pinned = reference.at(Files.readString(ref).strip());
      return Optional.of(pinned).filter(HubReference::isPinned);
    } catch (IOException | HubException notThere) {
      return Optional.empty();
    }
  }

  /** The commits that have a folder here. */
  List<HubReference> snapshots(HubReference repository) {
    try (Stream<Path> folders = Files.list(repository(repository).resolve("snapshots"))) {
      return folders
          .map(folder -> repository.at(folder.getFileName().toString()))
          .filter(HubReference::isPinned)
          .toList();
    } catch (IOException | HubException notThere) {
      return List.of();
    }
  }

  /** The repositories that have a folder here. */
  List<HubReference> repositories() {
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .flatMap(folder -> HubReference.ofFolder(folder.getFileName().toString()).stream())
          .sorted((a, b) -> a.id().compareTo(b.id()))
          .toList();
    } catch (IOException notThere) {
      return List.of();
    }
  }

  /** The list of a commit's files that was stored with it; empty where none was. */
  Optional<List<HubFile>> files(HubReference pinned) {
    Path tree = tree(pinned);
    try {
      JsonNode stored = JSON.readTree(Files.readString(tree));
      List<HubFile> files = new ArrayList<>();
      for (Map.Entry<String, JsonNode> file : stored.path("files").properties()) {
        files.add(file(file.getKey(), file.getValue()));
      }
      return stored.path("format_version").asInt(0) == 1 ? Optional.of(files) : Optional.empty();
    } catch (IOException | JacksonException | HubException unusable) {
      return Optional.empty();
    }
  }

  private static HubFile file(String path, JsonNode file) {
    boolean large = file.hasNonNull("lfs_sha256");
    return new HubFile(
        path,
        file.path(large && file.hasNonNull("lfs_size") ? "lfs_size" : "size").asLong(-1),
        file.path("blob_id").asString(""),
        large ? file.path("lfs_sha256").asString("") : null);
  }

  private Path tree(HubReference pinned) {
    return repository(pinned).resolve("trees").resolve(pinned.revision() + ".json");
  }

  /** Whether the snapshot has a file of the right length under that path. */
  boolean has(HubReference pinned, HubFile file) {
    Path path = snapshot(pinned).resolve(file.path());
    try {
      return isBelowRoot(path) && Files.size(path) == file.size();
    } catch (IOException notThere) {
      return false;
    }
  }

  /** Whether the snapshot has some file under that path. */
  boolean has(HubReference pinned, String path) {
    Path file = snapshot(pinned).resolve(path).normalize();
    try {
      return file.startsWith(root) && Files.isRegularFile(file) && isBelowRoot(file);
    } catch (IOException notThere) {
      return false;
    }
  }

  /** A link in a cache that others write to may lead anywhere. */
  private boolean isBelowRoot(Path path) throws IOException {
    return path.toRealPath().startsWith(root.toRealPath());
  }

  /** Stores the list of a commit's files, before any of them. */
  void putFiles(HubReference pinned, List<HubFile> files) throws IOException {
    Map<String, Object> stored = new LinkedHashMap<>();
    for (HubFile file : files) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("size", file.size());
      entry.put("blob_id", file.blobId());
      if (file.sha256() != null) {
        entry.put("lfs_sha256", file.sha256());
        entry.put("lfs_size", file.size());
      }
      stored.put(file.path(), entry);
    }
    Path tag = root.resolve("CACHEDIR.TAG");
    Files.createDirectories(root);
    if (Files.notExists(tag)) {
      write(tag, TAG);
    }
    write(tree(pinned), JSON.writeValueAsString(Map.of("format_version", 1, "files", stored)));
  }

  void putRef(HubReference reference, String commit) throws IOException {
    if (!reference.isPinned()) {
      write(repository(reference).resolve("refs").resolve(reference.revision()), commit);
    }
  }

  private static void write(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    Path draft = draft(file);
    Files.writeString(draft, content);
    replace(draft, file);
  }

  private static Path draft(Path file) {
    return file.resolveSibling("." + UUID.randomUUID() + ".tmp");
  }

  private static void replace(Path draft, Path file) throws IOException {
    try {
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException(
          "'%s' and '%s' are not on one volume".formatted(draft.getParent(), file.getParent()), e);
    }
  }

  /** Moves a verified file to its name among the contents. */
  void putBlob(HubReference reference, HubFile file, Path verified) throws IOException {
    Path blob = blob(reference, file);
    Files.createDirectories(blob.getParent());
    replace(verified, blob);
  }

  /** Makes the snapshot's link to a content; where there are no links, a copy of its own. */
  void link(HubReference pinned, HubFile file) throws IOException {
    Path link = snapshot(pinned).resolve(file.path());
    Path blob = blob(pinned, file);
    Files.createDirectories(link.getParent());
    Path draft = draft(link);
    try {
      Files.createSymbolicLink(draft, link.getParent().relativize(blob));
    } catch (UnsupportedOperationException | FileAlreadyExistsException noLinks) {
      Files.copy(blob, draft);
    }
    replace(draft, link);
  }

  /** Bytes of a repository's contents. */
  long bytes(HubReference repository) {
    try (Stream<Path> files = Files.walk(repository(repository))) {
      return files
          .filter(Files::isRegularFile)
          .filter(it -> !Files.isSymbolicLink(it))
          .mapToLong(it -> it.toFile().length())
          .sum();
    } catch (IOException | UncheckedIOException changing) {
      return 0;
    }
  }

  /** Deletes a repository: links first, so that no snapshot looks whole that is not. */
  void delete(HubReference repository) throws IOException {
    Path folder = repository(repository);
    for (String part : List.of("refs", "snapshots", "trees", "blobs")) {
      deleteTree(folder.resolve(part));
    }
    deleteTree(folder);
  }

  /** Deletes a folder as far as that can be done. */
  static void deleteQuietly(Path folder) {
    try {
      deleteTree(folder);
    } catch (IOException | UncheckedIOException left) {
      // A draft that stays behind only takes room.
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    if (Files.notExists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
