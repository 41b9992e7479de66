package org.alphaquant.hub;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Version;

/**
 * A repository of the hub at some revision.
 *
 * @param type the kind of repository
 * @param id {@code org/name}, or {@code name} alone
 * @param revision branch, tag, {@code refs/pr/N} or commit
 */
public record HubReference(Type type, String id, String revision) implements Version {

  public static final String SCHEME = "hf://";
  private static final String DATASETS = "datasets/";
  private static final String MAIN = "main";

  private static final Pattern ID =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?");
  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final int MAX_ID = 96;

  /** The kind of repository. */
  public enum Type {
    MODEL,
    DATASET;

    /** {@code models} or {@code datasets}, as requests and folders name it. */
    String plural() {
      return name().toLowerCase(Locale.ROOT) + "s";
    }
  }

  public HubReference {
    if (!isId(id)) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          "'%s' is not the name of a repository: org/name, of letters, digits, '.', '_' and '-', at most %d characters, without '--' and '..'"
              .formatted(id, MAX_ID));
    }
    if (!REVISION.matcher(revision).matches() || revision.contains("..")) {
      throw new FetchException(Kind.NOT_ALLOWED, "'%s' is not a revision".formatted(revision));
    }
  }

  /** Whether a text can be the name of a repository. */
  public static boolean isId(String text) {
    return text.length() <= MAX_ID
        && ID.matcher(text).matches()
        && !text.contains("--")
        && !text.contains("..");
  }

  /** The model of that name; the branch {@code main} where no revision is given. */
  public static HubReference model(String id, String revision) {
    return new HubReference(Type.MODEL, id, revision == null ? MAIN : revision);
  }

  /**
   * Reads {@code hf://org/name}, {@code hf://org/name@revision} or {@code hf://datasets/org/name};
   * empty where the text has no such prefix.
   *
   * @throws FetchException if the name or the revision is malformed
   */
  public static Optional<HubReference> parse(String text) {
    if (!text.startsWith(SCHEME)) {
      return Optional.empty();
    }
    String rest = text.substring(SCHEME.length());
    Type type = rest.startsWith(DATASETS) ? Type.DATASET : Type.MODEL;
    rest = type == Type.DATASET ? rest.substring(DATASETS.length()) : rest;
    int at = rest.indexOf('@');
    return Optional.of(
        at < 0
            ? new HubReference(type, rest, MAIN)
            : new HubReference(type, rest.substring(0, at), rest.substring(at + 1)));
  }

  /** The same repository at another revision. */
  public HubReference at(String other) {
    return new HubReference(type, id, other);
  }

  /** Whether the revision is a commit, which never changes. */
  public boolean isPinned() {
    return COMMIT.matcher(revision).matches();
  }

  /** Its path on the hub's website: {@code org/name} or {@code datasets/org/name}. */
  @Override
  public String path() {
    return type == Type.DATASET ? DATASETS + id : id;
  }

  /** Its folder in a cache: {@code models--org--name}. */
  @Override
  public String folder() {
    return type.plural() + "--" + id.replace("/", "--");
  }

  /** The repository whose folder in a cache has this name. */
  public static Optional<HubReference> ofFolder(String folder) {
    for (Type type : Type.values()) {
      String prefix = type.plural() + "--";
      String id =
          folder.startsWith(prefix)
              ? folder.substring(prefix.length()).replaceFirst("--", "/")
              : "";
      if (isId(id)) {
        return Optional.of(new HubReference(type, id, MAIN));
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return SCHEME + path() + "@" + revision;
  }
}
