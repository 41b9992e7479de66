package org.alphaquant.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.RunFailure;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.store.StoredArtifact;
import org.alphaquant.store.StoredResults;
import org.alphaquant.worker.JobContext;

/** Kept calibrations, on local disk or in a store. */
final class KeptCalibrations {

  private static final String BROUGHT = "calibration-brought";

  private final Jobs jobs;
  private final StoredResults results;
  private final ServerSettings settings;

  KeptCalibrations(Jobs jobs, StoredResults results, ServerSettings settings) {
    this.jobs = jobs;
    this.results = results;
    this.settings = settings;
  }

  /**
   * The calibration that a job names, downloaded to a local folder if needed.
   *
   * @throws RunFailure if it was deleted, or one of its files is missing or altered
   */
  FetchedSource bring(JobContext context) {
    UUID id = context.spec().calibration().id();
    Job job =
        jobs.find(id)
            .filter(it -> it.state() == JobState.SUCCEEDED)
            .orElseThrow(() -> gone("The calibration %s was deleted".formatted(id)));
    String directory = job.artifactDirectory().orElseThrow();
    Path folder =
        StoredResults.isStored(directory)
            ? context.attemptDirectory().resolve(BROUGHT)
            : settings.resolve(directory);
    for (JobResult.Artifact artifact : job.result().orElseThrow().artifacts()) {
      Path file = folder.resolve(artifact.name());
      if (StoredResults.isStored(directory)) {
        context.ensureNotDraining();
        download(directory, artifact, file);
      }
      requireWhole(id, artifact, file);
    }
    return new FetchedSource(folder.toString(), "calibration " + id, null, null);
  }

  private void download(String directory, JobResult.Artifact artifact, Path file) {
    StoredArtifact there =
        results
            .find(directory, artifact)
            .orElseThrow(() -> gone("%s is not in its store any more".formatted(artifact.name())));
    try (InputStream content = there.getInputStream()) {
      Files.createDirectories(file.getParent());
      Files.copy(content, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new RunFailure(
          JobError.Kind.TRANSIENT, "store-unavailable", artifact.name() + " does not come", e);
    }
    if (!WrittenFile.of(file).sha256().equals(artifact.sha256())) {
      throw gone("%s has another SHA-256 than when it was made".formatted(artifact.name()));
    }
  }

  private static void requireWhole(UUID id, JobResult.Artifact artifact, Path file) {
    if (file.toFile().length() != artifact.bytes()) {
      throw gone(
          "%s of the calibration %s has %d bytes here, not %d; calibrations are in a data directory that workers share, or in a store"
              .formatted(artifact.name(), id, file.toFile().length(), artifact.bytes()));
    }
  }

  private static RunFailure gone(String message) {
    return new RunFailure(JobError.Kind.USER, "unusable-calibration", message);
  }
}
