package org.alphaquant.store;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;

/**
 * An address in a store: {@code s3://store/path}.
 *
 * @param store the operator's name for it
 * @param path relative to the store's prefix, without a slash at either end; empty for the whole
 *     store
 */
public record StoreAddress(String store, String path) {

  public static final String SCHEME = "s3://";

  private static final Pattern STORE = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final int MAX_PATH = 512;

  public StoreAddress {
    boolean safe =
        STORE.matcher(store).matches()
            && path.length() <= MAX_PATH
            && path.chars().noneMatch(c -> c < ' ' || c == 127 || c == '\\')
            && (path.isEmpty()
                || List.of(path.split("/", -1)).stream()
                    .noneMatch(it -> it.isEmpty() || it.equals(".") || it.equals("..")));
    if (!safe) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          "'%s%s/%s' is not a place in a store: s3://store/path, the store in lower-case letters, digits and '-', the path of at most %d characters without empty parts, '.', '..' and '\\'"
              .formatted(SCHEME, store, path, MAX_PATH));
    }
  }

  /** Whether a text is an address in a store. */
  public static boolean is(String text) {
    return text.startsWith(SCHEME);
  }

  /**
   * Parses {@code s3://store/path}; a trailing slash is ignored.
   *
   * @throws FetchException if it is malformed
   */
  public static StoreAddress of(String text) {
    String rest = text.substring(SCHEME.length()).replaceFirst("/+$", "");
    int slash = rest.indexOf('/');
    return slash < 0
        ? new StoreAddress(rest, "")
        : new StoreAddress(rest.substring(0, slash), rest.substring(slash + 1));
  }

  /** The address, if the text is one. */
  public static Optional<StoreAddress> parse(String text) {
    return text != null && is(text) ? Optional.of(of(text)) : Optional.empty();
  }

  /** A place below this one. */
  public StoreAddress below(String name) {
    return new StoreAddress(store, path.isEmpty() ? name : path + "/" + name);
  }

  /** The parent's path; empty for the whole store. */
  StoreAddress parent() {
    int slash = path.lastIndexOf('/');
    return new StoreAddress(store, slash < 0 ? "" : path.substring(0, slash));
  }

  /** The last part of its path. */
  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  @Override
  public String toString() {
    return SCHEME + store + (path.isEmpty() ? "" : "/" + path);
  }
}
