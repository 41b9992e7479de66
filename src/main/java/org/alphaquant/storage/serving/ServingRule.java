package org.alphaquant.storage.serving;

import java.util.Optional;
import org.alphaquant.problem.Problem;

/** A condition under which an engine cannot serve a checkpoint, or serves it badly. */
public interface ServingRule {

  /** The finding, or empty if the checkpoint passes. */
  Optional<Problem> check(ServedCheckpoint checkpoint);
}
