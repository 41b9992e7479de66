package org.alphaquant.storage.serving;

import java.util.Optional;
import org.alphaquant.problem.Problem;

/** A rule of an engine that a checkpoint may break. */
public interface ServingRule {

  /** The finding, or empty if the checkpoint passes. */
  Optional<Problem> check(ServedCheckpoint checkpoint);
}
