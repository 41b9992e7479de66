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

/** One attempt at a job: creates its folder, runs it and records the outcome in the job's row. */
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

  /** Creates the attempt's folder and context. */
  interface Preparation {
    AttemptContext prepare() throws IOException;
  }

  void run(Preparation preparation, JobRunner runner) {
    // Added to every line that this thread logs, for logs in JSON.
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
      context.flushProgress();
      succeed(result);
    } catch (Throwable failure) {
      end(failure);
    }
  }

  // A file deleted after it was written fails the attempt; it must not be reported as a result.
  private void succeed(JobResult result) throws IOException {
    folders.requireWhole(job.id(), lease.epoch(), result);
    lease.ensureTrusted();
    String directory =
        result.location() == null
            ? AttemptFolders.result(job.id(), lease.epoch())
            : result.location();
    finish(() -> leases.succeed(job.id(), lease.epoch(), result, directory));
  }

  // Checks the lease first: an exception after the lease was lost is not a failure of the job.
  private void end(Throwable failure) {
    try {
      lease.ensureTrusted();
      if (failure instanceof DrainRequestedException || failure instanceof RunnerKilledException) {
        finish(() -> leases.giveBack(job.id(), lease.epoch()));
      } else if (lease.isCancelled()) {
        finish(() -> leases.cancelled(job.id(), lease.epoch()));
      } else if (failure instanceof LeaseLostException) {
        // The lease was renewed after the work was told to stop, and no other worker took the job.
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
    // Only an internal error is logged with its stack trace.
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
      throw new LeaseLostException("another attempt holds the job");
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
      log.warn("job={} leftover files are left for the next sweep: {}", row.id(), e.getMessage());
    }
  }
}
