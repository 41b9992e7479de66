package org.alphaquant.upload;

import java.nio.file.Path;
import java.util.UUID;

/** A place that all machines of the service reach, where files lie instead of in its folder. */
public interface UploadMirror {

  /** Puts a file there. */
  void put(UUID id, String name, String sha256, Path file);

  /** Deletes it there, if it is there. */
  void delete(UUID id, String name);
}
