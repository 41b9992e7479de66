package org.alphaquant.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.cache.FetchException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Checks whether a snapshot has every file of a model. */
final class Completeness {

  private static final JsonMapper JSON = JsonMapper.shared();

  private final SnapshotCache cache;

  Completeness(SnapshotCache cache) {
    this.cache = cache;
  }

  boolean isComplete(Version pinned) {
    Path folder = cache.snapshot(pinned);
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      return false;
    }
    try {
      Set<String> shards = shards(folder);
      Optional<List<RemoteFile>> files = cache.files(pinned);
      return files.isEmpty()
          ? hasWeights(pinned, shards)
          : wanted(pinned, files.get(), shards).stream().allMatch(file -> cache.has(pinned, file));
    } catch (FetchException incomplete) {
      return false;
    }
  }

  private static List<RemoteFile> wanted(
      Version pinned, List<RemoteFile> files, Set<String> shards) {
    List<RemoteFile> wanted = new ArrayList<>(FileChoice.companions(pinned, files));
    wanted.addAll(FileChoice.weights(pinned, files, shards));
    return wanted;
  }

  // Snapshots that other programs downloaded may have no list of files; then the index of the
  // weights is used.
  private boolean hasWeights(Version pinned, Set<String> shards) {
    return shards == null
        ? cache.has(pinned, "model.safetensors")
        : shards.stream().allMatch(name -> cache.has(pinned, name));
  }

  /**
   * The files that the snapshot's index names; null where there is no index.
   *
   * @throws FetchException if the index cannot be read
   */
  static Set<String> shards(Path folder) {
    Path index = folder.resolve(FileChoice.INDEX);
    if (!Files.isRegularFile(index)) {
      return null;
    }
    try {
      Set<String> shards = new HashSet<>();
      for (JsonNode shard : JSON.readTree(Files.readString(index)).path("weight_map")) {
        shards.add(shard.asString(""));
      }
      return shards;
    } catch (IOException | JacksonException e) {
      throw new FetchException(
          Kind.UNUSABLE, "%s cannot be read: %s".formatted(FileChoice.INDEX, e.getMessage()));
    }
  }
}
