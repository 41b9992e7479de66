package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.job.JobResult;
import org.alphaquant.worker.JobContext;

/** The files of an attempt's result. */
record ArtifactList(JobContext context) {

  /**
   * Every file of the result.
   *
   * @param hashed files that were hashed while they were written
   */
  List<JobResult.Artifact> of(List<WrittenFile> hashed) throws IOException {
    List<JobResult.Artifact> artifacts = new ArrayList<>();
    try (Stream<Path> files = Files.walk(context.artifactDirectory()).sorted()) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        context.ensureHeld();
        WrittenFile written = described(file, hashed);
        artifacts.add(
            new JobResult.Artifact(
                context.artifactDirectory().relativize(file).toString().replace('\\', '/'),
                written.bytes(),
                written.sha256()));
      }
    }
    return artifacts;
  }

  // Files that were hashed while written are not read again.
  private static WrittenFile described(Path file, List<WrittenFile> hashed) throws IOException {
    long bytes = Files.size(file);
    return hashed.stream()
        .filter(known -> known.name().equals(file.getFileName().toString()))
        .filter(known -> known.bytes() == bytes)
        .findFirst()
        .orElseGet(() -> WrittenFile.of(file));
  }

  /** One file. */
  static JobResult.Artifact of(Path file, String name) {
    WrittenFile written = WrittenFile.of(file);
    return new JobResult.Artifact(name, written.bytes(), written.sha256());
  }
}
