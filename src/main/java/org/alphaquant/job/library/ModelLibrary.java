package org.alphaquant.job.library;

import java.util.List;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;

/** The models that jobs can name: what is there, what is on its way, and how to get more. */
public interface ModelLibrary {

  /** Models below the roots, in the caches and on their way. */
  List<StoredModel> list();

  /**
   * Begins to bring a model of the hub; one that is on its way already goes on.
   *
   * @param owner whose request it is
   * @throws RefusedException if there is no such model or it may not be had
   * @throws SourceAwayException if the hub does not answer
   */
  StoredModel fetch(ModelRequest request, String owner);

  /** Deletes a model of the hub from the service's cache, or stops its download. */
  Deletion delete(String model);

  /** What became of a deletion. */
  enum Deletion {
    DELETED,
    NOT_THERE,
    IN_USE
  }
}
