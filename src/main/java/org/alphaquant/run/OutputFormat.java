package org.alphaquant.run;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.SpecProblem;

/** The checkpoint formats that a job can ask for. */
enum OutputFormat {
  COMPRESSED_TENSORS("compressed-tensors");

  private final String jsonName;

  OutputFormat(String jsonName) {
    this.jsonName = jsonName;
  }

  static Optional<SpecProblem> problem(JobSpec.Output output) {
    List<String> allowed = Arrays.stream(values()).map(format -> format.jsonName).toList();
    return allowed.contains(output.format())
        ? Optional.empty()
        : Optional.of(
            new SpecProblem(
                "/output/format",
                output.format(),
                "output.format is '%s'; it must be one of %s".formatted(output.format(), allowed),
                allowed));
  }
}
