package org.alphaquant.tracing;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.alphaquant.job.JobProgress;
import org.alphaquant.worker.ForwardingContext;
import org.alphaquant.worker.JobContext;

/** Makes a span of every phase that the attempt reports. */
final class TracedContext extends ForwardingContext {

  private final Observation run;
  private final ObservationRegistry registry;
  private String phase = "";
  private Observation span = Observation.NOOP;

  TracedContext(JobContext attempt, Observation run, ObservationRegistry registry) {
    super(attempt);
    this.run = run;
    this.registry = registry;
  }

  @Override
  public void progress(JobProgress progress) {
    if (!progress.phase().equals(phase)) {
      endPhase();
      phase = progress.phase();
      span =
          Observation.createNotStarted(TracedRunner.RUN + ".phase", registry)
              .contextualName(phase)
              .lowCardinalityKeyValue("phase", phase)
              .parentObservation(run)
              .start();
    }
    super.progress(progress);
  }

  void endPhase() {
    span.stop();
    span = Observation.NOOP;
  }
}
