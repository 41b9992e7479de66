package org.alphaquant.cache;

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
import java.util.regex.Pattern;
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
 * A complete file gets its name by one rename. A snapshot's list of files is written first and its
 * links last, so that a reader can tell a complete snapshot from a partial one.
 */
final class SnapshotCache {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String TAG =
      "Signature: 8a477f597d28d172789f06886806bc55\n"
          + "# This file is a cache directory tag: what lies beside it can be downloaded again.\n"
          + "# For information about cache directory tags, see https://bford.info/cachedir/\n";

  private static final Pattern REVISION = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern FOLDER = Pattern.compile("(models|datasets|stores|texts)--.+");

  private final Path root;

  SnapshotCache(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  Path repository(Version reference) {
    return root.resolve(reference.folder());
  }

  Path snapshot(Version pinned) {
    return repository(pinned).resolve("snapshots").resolve(pinned.revision());
  }

  Path blob(Version reference, RemoteFile file) {
    return repository(reference).resolve("blobs").resolve(file.etag());
  }

  /** The revision that a branch or tag had when it was last looked up. */
  Optional<String> named(String folder, String name) {
    try {
      return Optional.of(Files.readString(ref(folder, name)).strip()).filter(this::isRevision);
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }

  private boolean isRevision(String text) {
    return REVISION.matcher(text).matches();
  }

  private Path ref(String folder, String name) {
    return root.resolve(folder).resolve("refs").resolve(name);
  }

  /** The cached revisions of a folder. */
  List<String> revisions(String folder) {
    return names(root.resolve(folder).resolve("snapshots"), REVISION);
  }

  /** The cached folders. */
  List<String> folders() {
    return names(root, FOLDER);
  }

  private static List<String> names(Path parent, Pattern pattern) {
    try (Stream<Path> folders = Files.list(parent)) {
      return folders
          .map(folder -> folder.getFileName().toString())
          .filter(name -> pattern.matcher(name).matches())
          .sorted()
          .toList();
    } catch (IOException notThere) {
      return List.of();
    }
  }

  /** The list of a commit's files that was stored with it; empty where none was. */
  Optional<List<RemoteFile>> files(Version pinned) {
    Path tree = tree(pinned);
    try {
      JsonNode stored = JSON.readTree(Files.readString(tree));
      List<RemoteFile> files = new ArrayList<>();
      for (Map.Entry<String, JsonNode> file : stored.path("files").properties()) {
        files.add(file(file.getKey(), file.getValue()));
      }
      return stored.path("format_version").asInt(0) == 1 ? Optional.of(files) : Optional.empty();
    } catch (IOException | JacksonException | FetchException unusable) {
      return Optional.empty();
    }
  }

  private static RemoteFile file(String path, JsonNode file) {
    boolean large = file.hasNonNull("lfs_sha256");
    return new RemoteFile(
        path,
        file.path(large && file.hasNonNull("lfs_size") ? "lfs_size" : "size").asLong(-1),
        file.path("blob_id").asString(""),
        large ? file.path("lfs_sha256").asString("") : null);
  }

  private Path tree(Version pinned) {
    return repository(pinned).resolve("trees").resolve(pinned.revision() + ".json");
  }

  /** Whether the snapshot has a file of the right length under that path. */
  boolean has(Version pinned, RemoteFile file) {
    Path path = snapshot(pinned).resolve(file.path());
    try {
      return isBelowRoot(path) && Files.size(path) == file.size();
    } catch (IOException notThere) {
      return false;
    }
  }

  /** Whether the snapshot has some file under that path. */
  boolean has(Version pinned, String path) {
    Path file = snapshot(pinned).resolve(path).normalize();
    try {
      return file.startsWith(root) && Files.isRegularFile(file) && isBelowRoot(file);
    } catch (IOException notThere) {
      return false;
    }
  }

  /** Other programs write to the cache too, and their links may point anywhere. */
  private boolean isBelowRoot(Path path) throws IOException {
    return path.toRealPath().startsWith(root.toRealPath());
  }

  /** Stores the list of a commit's files, before any of them. */
  void putFiles(Version pinned, List<RemoteFile> files) throws IOException {
    Map<String, Object> stored = new LinkedHashMap<>();
    for (RemoteFile file : files) {
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

  /** Records the revision of a branch or tag. */
  void name(String folder, String name, String revision) throws IOException {
    if (!named(folder, name).equals(Optional.of(revision))) {
      write(ref(folder, name), revision);
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

  /** Moves a verified file to its blob's name. */
  void putBlob(Version reference, RemoteFile file, Path verified) throws IOException {
    Path blob = blob(reference, file);
    Files.createDirectories(blob.getParent());
    replace(verified, blob);
  }

  /** Creates the snapshot's link to a blob, or a copy where the file system has no links. */
  void link(Version pinned, RemoteFile file) throws IOException {
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

  /** Bytes of a repository's blobs. */
  long bytes(String folder) {
    try (Stream<Path> files = Files.walk(root.resolve(folder))) {
      return files
          .filter(Files::isRegularFile)
          .filter(it -> !Files.isSymbolicLink(it))
          .mapToLong(it -> it.toFile().length())
          .sum();
    } catch (IOException | UncheckedIOException changing) {
      return 0;
    }
  }

  /** Deletes a repository: links first, so that no incomplete snapshot looks complete. */
  void delete(String name) throws IOException {
    Path folder = root.resolve(name);
    for (String part : List.of("refs", "snapshots", "trees", "blobs")) {
      deleteTree(folder.resolve(part));
    }
    deleteTree(folder);
  }

  /** Deletes a folder as far as possible. */
  static void deleteQuietly(Path folder) {
    try {
      deleteTree(folder);
    } catch (IOException | UncheckedIOException left) {
      // A leftover file only takes space.
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
