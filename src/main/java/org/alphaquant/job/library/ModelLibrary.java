package org.alphaquant.job.library;

import java.util.List;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;

/**
 * The models that jobs can use: those present, those being downloaded, and how to download more.
 */
public interface ModelLibrary {

  /** Models below the roots, in the caches and on their way. */
  List<StoredModel> list();

  /**
   * Starts the download of a hub model, unless it is running already.
   *
   * @param owner whose request it is
   * @throws RefusedException if the model does not exist or is not accessible
   * @throws SourceAwayException if the hub does not answer
   */
  StoredModel fetch(ModelRequest request, String owner);

  /**
   * Deletes every revision of a model from the service's own cache, and stops its download. Nothing
   * is deleted where the model came from: not on the hub, not in a store's bucket.
   *
   * @param model {@code org/name} or {@code s3://store/path}, as the list names it
   */
  Deletion delete(String model);

  /** Outcome of a deletion. */
  enum Deletion {
    DELETED,
    NOT_THERE,
    /** A job reads it now. */
    IN_USE,
    /** It lies below an allowed root or in a cache that this service only reads. */
    NOT_OWNED
  }
}
