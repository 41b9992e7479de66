package org.alphaquant.api.result;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.cache.FetchException;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.row.Job;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.store.StoredArtifact;
import org.alphaquant.store.StoredResults;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.stereotype.Component;

/** Locations of results: the data directory, or a store. */
@Component
class ArtifactFolders {

  private final ServerSettings settings;
  private final StoredResults stored;

  ArtifactFolders(ServerSettings settings, StoredResults stored) {
    this.settings = settings;
    this.stored = stored;
  }

  /**
   * A file of the job's result with the length that the result lists, because a client that resumes
   * would otherwise mix parts of two files.
   *
   * @throws ProblemException {@code artifact-not-found} if the job has no result, or the file is
   *     missing, has another length, or lies outside the data directory
   * @throws SourceAwayException if its store does not answer
   */
  Resource file(Job job, JobResult.Artifact artifact) {
    Optional<String> store = job.artifactDirectory().filter(StoredResults::isStored);
    if (store.isPresent()) {
      return stored(store.get(), artifact).orElseThrow(() -> gone(job, artifact.name()));
    }
    Path file = file(job, artifact.name());
    if (file.toFile().length() != artifact.bytes()) {
      throw gone(job, artifact.name());
    }
    return new FileSystemResource(file);
  }

  /** The content of a small file of the job's result. */
  byte[] content(Job job, JobResult.Artifact artifact) {
    try (InputStream content = file(job, artifact).getInputStream()) {
      return content.readAllBytes();
    } catch (IOException e) {
      throw new SourceAwayException(artifact.name() + " cannot be read", e);
    }
  }

  /** The presigned URL of the file; empty if this service serves it. */
  Optional<URI> link(Resource file) {
    return file instanceof StoredArtifact there ? stored.link(there) : Optional.empty();
  }

  private Optional<StoredArtifact> stored(String directory, JobResult.Artifact artifact) {
    try {
      return stored.find(directory, artifact);
    } catch (FetchException e) {
      throw new SourceAwayException(e.getMessage(), e);
    }
  }

  private Path file(Job job, String name) {
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
        "The file %s of job %s no longer exists.".formatted(name, job.id()));
  }
}
