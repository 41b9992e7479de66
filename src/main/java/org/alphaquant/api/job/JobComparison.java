package org.alphaquant.api.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.Recipe;
import org.alphaquant.job.row.Job;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Jobs side by side with their settings and results, in the requested order.
 *
 * @param data one entry for each job
 */
record JobComparison(List<Compared> data) {

  JobComparison {
    data = List.copyOf(data);
  }

  static JobComparison of(List<Job> jobs) {
    return new JobComparison(jobs.stream().map(Compared::of).toList());
  }

  /**
   * One job; the figures are null where it has not succeeded or did not measure them.
   *
   * @param bitsPerWeight of the quantized tensors, scales and zero points counted in
   */
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Compared(
      UUID id,
      JobState state,
      JobKind kind,
      Recipe recipe,
      String model,
      Double bitsPerWeight,
      JobResult.Size bytes,
      PerplexityChange perplexity,
      Divergence divergence,
      Accuracy choices) {

    static Compared of(Job job) {
      JobResult result = job.result().orElse(new JobResult(null, null, List.of()));
      return new Compared(
          job.id(),
          job.state(),
          job.spec().kind(),
          job.spec().recipe(),
          job.spec().model(),
          result.bitsPerWeight(),
          result.bytes(),
          result.perplexity(),
          result.divergence(),
          result.choices());
    }
  }
}
