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

  /** Deletes a model of the hub from the service's cache, or stops its download. */
  Deletion delete(String model);

  /** Outcome of a deletion. */
  enum Deletion {
    DELETED,
    NOT_THERE,
    IN_USE
  }
}
