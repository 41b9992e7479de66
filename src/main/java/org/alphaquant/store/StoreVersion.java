package org.alphaquant.store;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.Version;

/**
 * The objects at an address when they were listed.
 *
 * @param kind how its folder in a cache begins: {@code stores} for models, {@code texts} for texts
 * @param revision hash of the names, sizes and ETags of all objects
 */
record StoreVersion(String kind, StoreAddress address, String revision) implements Version {

  static final String MODELS = "stores";
  static final String TEXTS = "texts";

  private static final String BETWEEN = "--";

  @Override
  public String folder() {
    return kind
        + BETWEEN
        + address.store()
        + BETWEEN
        + URLEncoder.encode(address.path(), StandardCharsets.UTF_8);
  }

  /** The place that a cached model's folder was downloaded from. */
  static Optional<StoreAddress> ofFolder(String folder) {
    String[] parts = folder.split(BETWEEN, 3);
    if (parts.length < 3 || !parts[0].equals(MODELS)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new StoreAddress(parts[1], URLDecoder.decode(parts[2], StandardCharsets.UTF_8)));
    } catch (FetchException | IllegalArgumentException notOurs) {
      return Optional.empty();
    }
  }

  @Override
  public String path() {
    return address.toString();
  }

  @Override
  public String toString() {
    return address + "@" + revision;
  }
}
