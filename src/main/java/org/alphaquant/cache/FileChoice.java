package org.alphaquant.cache;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.checkpoint.CompanionName;

/**
 * Chooses the files of a model to download: weights in safetensors and their companion files. Never
 * pickles, which run code when they are read, and never a second copy of the weights.
 */
final class FileChoice {

  static final String INDEX = "model.safetensors.index.json";

  private static final String WEIGHTS = ".safetensors";
  private static final int DEPTH = 3;
  private static final long MAX_SMALL = 256L << 20;

  private FileChoice() {}

  /**
   * The companion files of the weights, and the weights' index.
   *
   * @throws FetchException if there is no config.json, or no safetensors
   */
  static List<RemoteFile> companions(Version model, List<RemoteFile> all) {
    if (all.stream().noneMatch(file -> file.path().equals("config.json"))) {
      throw new FetchException(
          Kind.UNUSABLE, "'%s' has no config.json at its top".formatted(model.path()));
    }
    if (all.stream().noneMatch(FileChoice::isWeights)) {
      throw new FetchException(
          Kind.UNUSABLE,
          "'%s' has no weights in safetensors (only those are read; pickles run code): %s"
              .formatted(model.path(), others(all)));
    }
    return all.stream().filter(FileChoice::isCompanion).toList();
  }

  private static String others(List<RemoteFile> all) {
    return all.stream().map(RemoteFile::path).limit(8).collect(Collectors.joining(", "));
  }

  private static boolean isCompanion(RemoteFile file) {
    boolean wanted = file.path().equals(INDEX) || CompanionName.leftOut(file.path()).isEmpty();
    return wanted && file.path().split("/").length <= DEPTH && file.size() <= MAX_SMALL;
  }

  private static boolean isWeights(RemoteFile file) {
    return file.path().indexOf('/') < 0
        && file.path().endsWith(WEIGHTS)
        && !file.path().startsWith("consolidated");
  }

  /**
   * The weights: exactly the files that the index names; without one, the only or the usual file.
   *
   * @param shards the files that the index names; null without an index
   * @throws FetchException if a file is missing
   */
  static List<RemoteFile> weights(Version model, List<RemoteFile> all, Set<String> shards) {
    if (shards == null) {
      List<RemoteFile> weights = all.stream().filter(FileChoice::isWeights).toList();
      List<RemoteFile> usual =
          weights.stream().filter(file -> file.path().equals("model.safetensors")).toList();
      return usual.isEmpty() ? weights : usual;
    }
    List<RemoteFile> named = all.stream().filter(file -> shards.contains(file.path())).toList();
    if (named.size() < shards.size()) {
      Set<String> there = named.stream().map(RemoteFile::path).collect(Collectors.toSet());
      throw new FetchException(
          Kind.UNUSABLE,
          "'%s' lacks %s, which its %s names"
              .formatted(
                  model.path(),
                  shards.stream()
                      .filter(name -> !there.contains(name))
                      .sorted()
                      .findFirst()
                      .orElse(""),
                  INDEX));
    }
    return named;
  }
}
