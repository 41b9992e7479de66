package org.alphaquant.worker;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.Job;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.dao.DataAccessException;

/** One attempt at one job, from its folder to the row that says how it ended. */
final class Attempt {
  private static final Logger log = LoggerFactory.getLogger(Attempt.class);

  private final Job job;
  private final Lease lease;
  private final Leases leases;
  private final AttemptFolders folders;
  private final double retryBackoffSeconds;

  Attempt(Job job, Lease lease, Leases leases, AttemptFolders folders, double retryBackoffSeconds) {
    this.job = job;
    this.lease = lease;
    this.leases = leases;
    this.folders = folders;
    this.retryBackoffSeconds = retryBackoffSeconds;
  }

  /** Makes the context, once the folder exists. */
  interface Preparation {
    AttemptContext prepare() throws IOException;
  }

  void run(Preparation preparation, JobRunner runner) {
    // Fields of every line that this thread logs, for logs in JSON.
    MDC.setContextMap(
        Map.of(
            "job_id",
            job.id().toString(),
            "epoch",
            Long.toString(lease.epoch()),
            "owner",
            job.owner()));
    try {
      work(preparation, runner);
    } finally {
      MDC.clear();
    }
  }

  private void work(Preparation preparation, JobRunner runner) {
    log.info("job={} epoch={} starts", job.id(), lease.epoch());
    try {
      AttemptContext context = preparation.prepare();
      JobResult result = runner.run(context);
      context.tellWaiting();
      succeed(result);
    } catch (Throwable failure) {
      end(failure);
    }
  }

  // Also what was deleted since it was written must cost an attempt, not be called a result.
  private void succeed(JobResult result) throws IOException {
    folders.requireWhole(job.id(), lease.epoch(), result);
    lease.ensureTrusted();
    String directory =
        result.location() == null
            ? AttemptFolders.result(job.id(), lease.epoch())
            : result.location();
    finish(() -> leases.succeed(job.id(), lease.epoch(), result, directory));
  }

  // The lease is asked first: what a run throws after it lost the job is no failure of the job.
  private void end(Throwable failure) {
    try {
      lease.ensureTrusted();
      if (failure instanceof DrainRequestedException || failure instanceof RunnerKilledException) {
        finish(() -> leases.giveBack(job.id(), lease.epoch()));
      } else if (lease.isCancelled()) {
        finish(() -> leases.cancelled(job.id(), lease.epoch()));
      } else if (failure instanceof LeaseLostException) {
        // Renewed after the work was told to stop: late, but nobody else took the job.
        finish(() -> leases.giveBack(job.id(), lease.epoch()));
      } else {
        fail(failure);
      }
    } catch (LeaseLostException lost) {
      log.warn("job={} epoch={} stops: {}", job.id(), lease.epoch(), lost.getMessage());
    } catch (DataAccessException e) {
      log.error("job={} epoch={} cannot be finished", job.id(), lease.epoch(), e);
    }
  }

  private void fail(Throwable failure) {
    JobError error = Failures.classify(failure, folders.folder(job.id()));
    // Only a fault of this program needs its stack to be understood.
    Throwable stack = error.kind() == JobError.Kind.INTERNAL ? failure : null;
    log.warn(
        "job={} epoch={} {} {}: {}",
        job.id(),
        lease.epoch(),
        error.kind(),
        error.code(),
        error.message(),
        stack);
    finish(() -> leases.fail(job.id(), lease.epoch(), error, retryBackoffSeconds));
  }

  private void finish(Supplier<Optional<Job>> statement) {
    Optional<Job> row = RetryingWrites.write(lease, statement);
    if (row.isEmpty()) {
      throw new LeaseLostException("the row is another attempt's");
    }
    log.info("job={} epoch={} is {}", job.id(), lease.epoch(), row.get().state());
    sweep(row.get());
  }

  private void sweep(Job row) {
    try {
      if (row.state() == JobState.SUCCEEDED) {
        folders.keepOnlyResult(row.id(), row.artifactDirectory().get());
      } else if (row.state() == JobState.CANCELLED) {
        folders.keepOnlyLogs(row.id());
      }
    } catch (IOException e) {
      log.warn("job={} leftovers stay for the next sweep: {}", row.id(), e.getMessage());
    }
  }
}
