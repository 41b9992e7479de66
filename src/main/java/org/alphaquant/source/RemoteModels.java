package org.alphaquant.source;

import java.nio.file.Path;
import java.util.Optional;

/** Models that are below no root, known by names of their own. */
public interface RemoteModels {

  /** There are none. */
  RemoteModels NONE = (model, revision) -> Optional.empty();

  /**
   * A folder with the model's names and shapes, to look at; its weights need not be there.
   *
   * @param revision null for the usual one
   * @return empty where the name cannot be that of such a model
   * @throws SourceException if it is not there or may not be read
   */
  Optional<Path> headers(String model, String revision);
}
