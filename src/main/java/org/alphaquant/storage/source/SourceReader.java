package org.alphaquant.storage.source;

import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;

/** A way in which checkpoints store matrices. */
public interface SourceReader {

  /**
   * The matrix of that name, if it is stored this way.
   *
   * @param name in the model, ending in {@code .weight}
   * @param stored the same in the checkpoint
   */
  Optional<SourceTensor> find(Checkpoint checkpoint, String name, String stored);

  /** Whether a tensor of the checkpoint is part of a matrix that is stored this way. */
  boolean belongs(Checkpoint checkpoint, String stored);
}
