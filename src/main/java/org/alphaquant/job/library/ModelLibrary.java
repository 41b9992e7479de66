package org.alphaquant.job.library;

import java.util.List;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;

/**
 * The models that jobs can use: those present, those being downloaded, and how to download more.
 */
public interface ModelLibrary {

  /** Models below the roots, in the caches, and being downloaded. */
  List<StoredModel> list();

  /**
   * Starts the download of a hub model, unless it is running already.
   *
   * @param owner owner of the request
   * @throws RefusedException if the model does not exist or is not accessible
   * @throws SourceAwayException if the hub does not answer
   */
  StoredModel fetch(ModelRequest request, String owner);

  /**
   * Deletes every revision of a model from the service's own cache and stops its download. The hub
   * or store that the model came from is not changed.
   *
   * @param model {@code org/name} or {@code s3://store/path}, as the list names it
   */
  Deletion delete(String model);

  /** Outcome of a deletion. */
  enum Deletion {
    DELETED,
    NOT_THERE,
    /** A job is using it. */
    IN_USE,
    /** It is below an allowed root or in a cache that this service only reads. */
    NOT_OWNED
  }
}
