package org.alphaquant.cache;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alphaquant.cache.FetchException.Kind;

/**
 * Chooses the file of a data set by the request and by the usual names of files of splits. Loading
 * scripts are never run.
 *
 * @param config folder or part of the name that belongs to a configuration; null for any
 * @param split {@code train} where null; for {@code test} a held-out split of another name also
 *     counts
 * @param file name or pattern with {@code *}; null for the first of the split
 */
public record DataSetFiles(String config, String split, String file) {

  private static final List<String> ENDINGS =
      List.of(".parquet", ".jsonl", ".ndjson", ".json", ".txt");
  private static final int SHOWN = 10;

  // Not every data set names its held-out split "test".
  private static final Map<String, List<String>> NAMES =
      Map.of("test", List.of("test", "validation", "valid", "val", "dev"));

  /**
   * The file.
   *
   * @throws FetchException if there is none
   */
  public RemoteFile choose(Version dataset, List<RemoteFile> all) {
    List<RemoteFile> data =
        all.stream()
            .filter(it -> isData(it.path()))
            .sorted(Comparator.comparing(RemoteFile::path))
            .toList();
    Optional<RemoteFile> chosen =
        file != null
            ? all.stream()
                .filter(it -> matches(file, it.path()))
                .min(Comparator.comparing(RemoteFile::path))
            : ofSplit(data);
    return chosen.orElseThrow(
        () ->
            new FetchException(
                Kind.NOT_FOUND,
                "'%s' has no file for config '%s', split '%s', file '%s'; name one by 'file': %s"
                    .formatted(
                        dataset.path(),
                        shown(config),
                        split == null ? "train" : split,
                        shown(file),
                        data.stream()
                            .map(RemoteFile::path)
                            .limit(SHOWN)
                            .collect(Collectors.joining(", ")))));
  }

  private static String shown(String value) {
    return value == null ? "" : value;
  }

  private Optional<RemoteFile> ofSplit(List<RemoteFile> data) {
    List<RemoteFile> configured =
        data.stream().filter(it -> config == null || hasWord(it.path(), config)).toList();
    Optional<RemoteFile> named =
        NAMES.getOrDefault(wanted(), List.of(wanted())).stream()
            .flatMap(name -> configured.stream().filter(it -> hasWord(it.path(), name)))
            .findFirst();
    // The only file of a data set is its training split, whatever its name is.
    boolean only = named.isEmpty() && split == null && configured.size() == 1;
    return only ? Optional.of(configured.get(0)) : named;
  }

  private String wanted() {
    return split == null ? "train" : split;
  }

  /** Whether the path has the word as a folder or as a part of its name between signs. */
  private static boolean hasWord(String path, String word) {
    return Pattern.compile("(^|[/._-])" + Pattern.quote(word) + "($|[/._-])").matcher(path).find();
  }

  private static boolean isData(String path) {
    String plain = path.replaceFirst("\\.(gz|zst)$", "");
    String name = path.substring(path.lastIndexOf('/') + 1);
    return ENDINGS.stream().anyMatch(plain::endsWith)
        && !name.equals("dataset_infos.json")
        && !name.startsWith(".");
  }

  private static boolean matches(String pattern, String path) {
    String regex =
        List.of(pattern.split("\\*", -1)).stream()
            .map(Pattern::quote)
            .collect(Collectors.joining(".*"));
    return path.matches(regex);
  }
}
