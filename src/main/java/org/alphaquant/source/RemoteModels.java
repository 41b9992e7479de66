package org.alphaquant.source;

import java.nio.file.Path;
import java.util.Optional;

/** Models that are below no root, known by names of their own. */
public interface RemoteModels {

  /** There are none. */
  RemoteModels NONE =
      new RemoteModels() {
        @Override
        public Optional<Path> headers(String model, String revision) {
          return Optional.empty();
        }

        @Override
        public boolean hasText(String name) {
          return false;
        }
      };

  /**
   * Whether a name means texts that are fetched before they are read.
   *
   * @throws SourceException if it does and they may not be read
   */
  boolean hasText(String name);

  /**
   * A folder with the model's names and shapes, to look at; its weights need not be there.
   *
   * @param revision null for the usual one
   * @return empty where the name cannot be that of such a model
   * @throws SourceException if it is not there or may not be read
   */
  Optional<Path> headers(String model, String revision);
}
