package org.alphaquant.job;

import java.util.List;
import org.alphaquant.problem.Problem;

/** A request is invalid; holds all problems found. */
public class RefusedException extends RuntimeException {
  private final transient List<Problem> problems;

  public RefusedException(List<Problem> problems) {
    super(problems.get(0).detail());
    this.problems = List.copyOf(problems);
  }

  public List<Problem> problems() {
    return problems;
  }
}
