package org.alphaquant.worker;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.JobState;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Retention;
import org.alphaquant.job.row.RetentionSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionOperations;

/** Deletes expired rows and, in this process's data directory, the folders left over. */
final class RetentionSweep {
  private static final Logger log = LoggerFactory.getLogger(RetentionSweep.class);
  private static final int BATCH = 100;

  private final Retention retention;
  private final WebhookDeliveries deliveries;
  private final AttemptFolders folders;
  private final TransactionOperations transaction;
  private final RetentionSettings settings;

  RetentionSweep(
      Retention retention,
      WebhookDeliveries deliveries,
      AttemptFolders folders,
      TransactionOperations transaction,
      RetentionSettings settings) {
    this.retention = retention;
    this.deliveries = deliveries;
    this.folders = folders;
    this.transaction = transaction;
    this.settings = settings;
  }

  Duration sweep() throws IOException {
    int deleted;
    do {
      deleted = retention.deleteExpired(WorkerSettings.seconds(settings.jobs()), BATCH);
      log.debug("deleted {} jobs past their retention", deleted);
    } while (deleted == BATCH);
    List<UUID> jobs = folders.jobs();
    for (int from = 0; from < jobs.size(); from += BATCH) {
      sweepFolders(jobs.subList(from, Math.min(jobs.size(), from + BATCH)));
    }
    retention.forgetTombstones();
    giveUpOverdue();
    deliveries.forgetFinished();
    return settings.sweepEvery();
  }

  private void giveUpOverdue() {
    int givenUp;
    do {
      givenUp = deliveries.giveUpOverdue(BATCH).size();
      if (givenUp > 0) {
        log.warn("gave up {} webhook messages that no process has sent for days", givenUp);
      }
    } while (givenUp == BATCH);
  }

  // Keeps folders of unknown jobs: another database may use the same data directory.
  private void sweepFolders(List<UUID> jobs) throws IOException {
    for (UUID job : retention.deleted(jobs)) {
      log.info("job={} was deleted; deleting its folder", job);
      folders.remove(job);
    }
    double keepSeconds = WorkerSettings.seconds(settings.attempts());
    for (UUID job : retention.withLeftovers(jobs, keepSeconds)) {
      transaction.executeWithoutResult(
          status -> retention.lockLeftovers(job, keepSeconds).ifPresent(this::removeLeftovers));
    }
  }

  private void removeLeftovers(Job job) {
    try {
      if (job.state() == JobState.SUCCEEDED) {
        folders.keepOnlyResult(job.id(), job.artifactDirectory().get());
      } else {
        folders.keepOnlyLogs(job.id());
      }
    } catch (IOException e) {
      log.warn("job={} its folder is left for the next sweep: {}", job.id(), e.getMessage());
    }
  }
}
