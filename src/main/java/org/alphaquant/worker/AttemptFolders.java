package org.alphaquant.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.alphaquant.job.JobResult;
import org.alphaquant.server.ServerSettings;
import org.springframework.util.FileSystemUtils;

/**
 * The folders of attempts, {@code work/<job>/<epoch>} below the data directory. The row of a
 * finished job names the folder with its result; all others can be deleted.
 */
final class AttemptFolders {
  static final String RESULT = "result";

  private static final String LOG = ServerSettings.RUNNER_LOG;

  private final ServerSettings settings;

  AttemptFolders(ServerSettings settings) {
    this.settings = settings;
  }

  /** Creates the attempt's folder, with an empty folder for its result. */
  Path create(UUID job, long epoch) throws IOException {
    Path attempt = settings.workDirectory(job).resolve(Long.toString(epoch));
    Files.createDirectories(attempt.resolve(RESULT));
    return attempt;
  }

  /** Refuses a result with a file that is missing, changed or outside its folder. */
  void requireWhole(UUID job, long epoch, JobResult result) throws IOException {
    Path folder = settings.resolve(result(job, epoch));
    for (JobResult.Artifact artifact : result.artifacts()) {
      Path file = folder.resolve(artifact.name()).normalize();
      if (!file.toRealPath().startsWith(folder.toRealPath())) {
        throw new IOException(
            "artifact '%s' is not in the result's folder".formatted(artifact.name()));
      }
      long bytes = Files.size(file);
      if (bytes != artifact.bytes()) {
        throw new IOException(
            "%s has %d bytes but was written with %d"
                .formatted(folder.resolve(artifact.name()), bytes, artifact.bytes()));
      }
    }
  }

  /** The folder that holds all attempts of a job. */
  Path folder(UUID job) {
    return settings.workDirectory(job);
  }

  /** The artifact directory of an attempt, relative to the data directory, as stored in the row. */
  static String result(UUID job, long epoch) {
    return "work/%s/%d/%s".formatted(job, epoch, RESULT);
  }

  /** The attempt that an artifact directory belongs to; -1 where it is not below this folder. */
  private static long attemptOf(String artifactDirectory) {
    return artifactDirectory.startsWith("work/")
        ? epochOf(Path.of(artifactDirectory).getParent())
        : -1;
  }

  /** Ids of jobs that have a folder in this data directory. */
  List<UUID> jobs() throws IOException {
    return children(settings.workDirectory()).stream()
        .map(folder -> folder.getFileName().toString())
        .filter(name -> name.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"))
        .map(UUID::fromString)
        .toList();
  }

  /** Folders of earlier attempts, newest first. */
  List<Path> earlier(UUID job, long epoch) throws IOException {
    return epochs(settings.workDirectory(job)).stream()
        .filter(folder -> epochOf(folder) < epoch)
        .sorted(Comparator.comparingLong(AttemptFolders::epochOf).reversed())
        .toList();
  }

  /**
   * Deletes all files of a job except its result and the logs of its runners.
   *
   * @param artifactDirectory as stored in the row; a result in a store has no files here
   */
  void keepOnlyResult(UUID job, String artifactDirectory) throws IOException {
    long epoch = attemptOf(artifactDirectory);
    for (Path folder : epochs(settings.workDirectory(job))) {
      keepOnly(folder, epochOf(folder) == epoch ? Set.of(RESULT, LOG) : Set.of(LOG));
    }
  }

  /** Deletes all files of a job without a result except the logs of its runners. */
  void keepOnlyLogs(UUID job) throws IOException {
    for (Path folder : epochs(settings.workDirectory(job))) {
      keepOnly(folder, Set.of(LOG));
    }
    deleteIfEmpty(settings.workDirectory(job));
  }

  private static void keepOnly(Path folder, Set<String> names) throws IOException {
    for (Path file : children(folder)) {
      if (!names.contains(file.getFileName().toString())) {
        FileSystemUtils.deleteRecursively(file);
      }
    }
    deleteIfEmpty(folder);
  }

  private static void deleteIfEmpty(Path folder) throws IOException {
    if (children(folder).isEmpty()) {
      Files.deleteIfExists(folder);
    }
  }

  /** Deletes all files of a job. */
  void remove(UUID job) throws IOException {
    FileSystemUtils.deleteRecursively(settings.workDirectory(job));
  }

  private static List<Path> epochs(Path folder) throws IOException {
    return children(folder).stream()
        .filter(child -> child.getFileName().toString().matches("\\d{1,18}"))
        .toList();
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.toList();
    } catch (NoSuchFileException gone) {
      return List.of();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static long epochOf(Path folder) {
    return Long.parseLong(String.valueOf(folder.getFileName()));
  }
}
