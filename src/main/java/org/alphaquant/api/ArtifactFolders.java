package org.alphaquant.api;

import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.job.Job;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Where results lie. */
@Component
class ArtifactFolders {

  private final Path root;

  ArtifactFolders(@Value("${alphaquant.data-dir}") Path root) {
    this.root = root.toAbsolutePath().normalize();
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
            .map(relative -> root.resolve(relative).normalize())
            .orElseThrow(() -> gone(job, name));
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder) || !folder.startsWith(root) || !Files.isRegularFile(file)) {
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
