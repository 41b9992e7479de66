package org.alphaquant.scheme.plan;

import java.util.Optional;
import org.alphaquant.problem.Problem;

/** A condition under which an engine cannot serve a checkpoint, or serves it badly. */
interface ServingRule {

  /** What there is to say; empty where the rule has nothing against the checkpoint. */
  Optional<Problem> check(ServedCheckpoint checkpoint);
}
