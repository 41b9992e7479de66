package org.alphaquant.api.result;

import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.row.Job;
import org.alphaquant.server.ServerSettings;
import org.springframework.stereotype.Component;

/** Where results lie. */
@Component
class ArtifactFolders {

  private final ServerSettings settings;

  ArtifactFolders(ServerSettings settings) {
    this.settings = settings;
  }

  /**
   * A file of the job's result that is as long as the result says: a part of any other one under
   * its ETag would be mixed with what a client has.
   *
   * @throws ProblemException {@code artifact-not-found} if the job has no result, or the file is
   *     gone, another one, or not below the data directory
   */
  Path file(Job job, JobResult.Artifact artifact) {
    Path file = file(job, artifact.name());
    if (file.toFile().length() != artifact.bytes()) {
      throw gone(job, artifact.name());
    }
    return file;
  }

  /**
   * A file of the job's result.
   *
   * @throws ProblemException {@code artifact-not-found} if the job has no result, or the file is
   *     gone or not below the data directory
   */
  Path file(Job job, String name) {
    Path folder =
        job.artifactDirectory()
            .map(relative -> settings.resolve(relative).normalize())
            .orElseThrow(() -> gone(job, name));
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder)
        || !folder.startsWith(settings.dataDir())
        || !Files.isRegularFile(file)) {
      throw gone(job, name);
    }
    return file;
  }

  private static ProblemException gone(Job job, String name) {
    return new ProblemException(
        ProblemType.ARTIFACT_NOT_FOUND,
        "The file %s of job %s is not there any more.".formatted(name, job.id()));
  }
}
