package org.alphaquant.tracing;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.row.Job;
import org.alphaquant.worker.AttemptEndedException;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;

/** Lets another one run the job, as a span of the trace of the request that posted it. */
final class TracedRunner implements JobRunner {

  static final String RUN = "alphaquant.job.run";
  private static final String OUTCOME = "outcome";

  private final JobRunner next;
  private final Function<UUID, Optional<Job>> jobs;
  private final ObservationRegistry registry;

  TracedRunner(JobRunner next, Function<UUID, Optional<Job>> jobs, ObservationRegistry registry) {
    this.next = next;
    this.jobs = jobs;
    this.registry = registry;
  }

  @Override
  public boolean canBeStopped() {
    return next.canBeStopped();
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    Observation run = observation(context).start();
    TracedContext traced = new TracedContext(context, run, registry);
    Observation.Scope scope = run.openScope();
    try {
      JobResult result = next.run(traced);
      run.lowCardinalityKeyValue(OUTCOME, "succeeded");
      return result;
    } catch (AttemptEndedException ended) {
      run.lowCardinalityKeyValue(OUTCOME, "ended");
      throw ended;
    } catch (Exception e) {
      run.lowCardinalityKeyValue(OUTCOME, "failed").error(e);
      throw e;
    } finally {
      traced.endPhase();
      scope.close();
      run.stop();
    }
  }

  private Observation observation(JobContext context) {
    ReceiverContext<Map<String, String>> receiver = new ReceiverContext<>(Map::get, Kind.CONSUMER);
    receiver.setCarrier(
        jobs.apply(context.jobId())
            .flatMap(Job::traceParent)
            .map(parent -> Map.of("traceparent", parent))
            .orElse(Map.of()));
    return Observation.createNotStarted(RUN, () -> receiver, registry)
        .contextualName("job run")
        .lowCardinalityKeyValue(OUTCOME, "unknown")
        .highCardinalityKeyValue("job.id", context.jobId().toString())
        .highCardinalityKeyValue("job.attempt", Long.toString(context.leaseEpoch()))
        .highCardinalityKeyValue("job.model", context.spec().model());
  }
}
