package org.alphaquant.scheme;

import java.util.List;
import org.alphaquant.problem.Problem;

/** A configuration that cannot be used, with everything that is wrong with it. */
public class InvalidConfigException extends IllegalArgumentException {
  private final List<Problem> findings;

  public InvalidConfigException(List<Problem> findings) {
    super(message(findings));
    this.findings = List.copyOf(findings);
  }

  /** Every error, in the order of the configuration. */
  public List<Problem> findings() {
    return findings;
  }

  private static String message(List<Problem> findings) {
    int more = findings.size() - 1;
    return findings.get(0) + (more == 0 ? "" : " (and %d more)".formatted(more));
  }
}
