package org.alphaquant.worker;

/** What ran the attempt was killed from outside; the job goes back to the queue. */
public final class RunnerKilledException extends AttemptEndedException {
  public RunnerKilledException(String message) {
    super(message);
  }
}
