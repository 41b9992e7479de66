package org.alphaquant.fetch;

import java.nio.file.Path;
import java.util.UUID;
import org.alphaquant.cache.FetchException;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.Stores;
import org.alphaquant.upload.UploadMirror;

/** Keeps uploaded files in a store, for machines that share no folder. */
record StoredUploads(Stores stores, StoreAddress location) implements UploadMirror {

  /** The object's address. */
  StoreAddress address(UUID id, String name) {
    return location.below(id.toString()).below(name);
  }

  @Override
  public void put(UUID id, String name, String sha256, Path file) {
    try {
      stores.putFile(address(id, name), sha256, file);
    } catch (FetchException e) {
      throw new SourceAwayException(e.getMessage(), e);
    }
  }

  @Override
  public void delete(UUID id, String name) {
    try {
      stores.deleteFile(address(id, name));
    } catch (FetchException e) {
      throw new SourceAwayException(e.getMessage(), e);
    }
  }
}
