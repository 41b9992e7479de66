package org.alphaquant.upload;

import java.nio.file.Path;
import java.util.UUID;

/** Storage for uploaded files that all machines of the service reach. */
public interface UploadMirror {

  /** Stores a file. */
  void put(UUID id, String name, String sha256, Path file);

  /** Deletes a file if it exists. */
  void delete(UUID id, String name);
}
