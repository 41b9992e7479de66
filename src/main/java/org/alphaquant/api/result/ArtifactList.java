package org.alphaquant.api.result;

import java.util.Comparator;
import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.row.Job;

/** The files of a result, by name. */
record ArtifactList(List<JobResult.Artifact> data) {

  static ArtifactList of(Job job) {
    return new ArtifactList(
        job.result().map(JobResult::artifacts).orElse(List.of()).stream()
            .sorted(Comparator.comparing(JobResult.Artifact::name))
            .toList());
  }

  boolean has(String name) {
    return data.stream().anyMatch(artifact -> artifact.name().equals(name));
  }

  /** Only what the result lists is served, so no name can lead out of its folder. */
  JobResult.Artifact find(String name) {
    return data.stream()
        .filter(artifact -> artifact.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ProblemException(
                    ProblemType.ARTIFACT_NOT_FOUND, "The job has no artifact " + name + "."));
  }
}
