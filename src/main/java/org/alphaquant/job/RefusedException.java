package org.alphaquant.job;

import java.util.List;

/** A request that cannot be answered as it stands, with everything that is wrong with it. */
public class RefusedException extends RuntimeException {
  private final transient List<SpecProblem> problems;

  public RefusedException(List<SpecProblem> problems) {
    super(problems.get(0).detail());
    this.problems = List.copyOf(problems);
  }

  public List<SpecProblem> problems() {
    return problems;
  }
}
