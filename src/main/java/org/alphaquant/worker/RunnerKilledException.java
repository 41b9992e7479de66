package org.alphaquant.worker;

/** The process that ran the attempt was killed; the job goes back to the queue. */
public final class RunnerKilledException extends AttemptEndedException {
  public RunnerKilledException(String message) {
    super(message);
  }
}
