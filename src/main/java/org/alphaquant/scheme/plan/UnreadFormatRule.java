package org.alphaquant.scheme.plan;

import java.util.Optional;
import org.alphaquant.problem.Problem;

/** An engine reads no checkpoint of a format that it has no other rules for. */
record UnreadFormatRule(String engine) implements ServingRule {

  @Override
  public Optional<Problem> check(ServedCheckpoint checkpoint) {
    String format = checkpoint.format().name();
    String detail = "%s does not read checkpoints in the format %s".formatted(engine, format);
    return Optional.of(Problem.error("format-not-read", "", format, detail));
  }
}
