package org.alphaquant.worker;

/** The runner process was killed from outside; the job returns to the queue. */
public final class RunnerKilledException extends AttemptEndedException {
  public RunnerKilledException(String message) {
    super(message);
  }
}
