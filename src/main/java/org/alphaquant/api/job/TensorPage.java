package org.alphaquant.api.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.alphaquant.job.plan.JobPlan;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Some of the tensors of a result, in the order in which they are written.
 *
 * @param next value of {@code after} for the next page; null on the last one
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
record TensorPage(List<JobPlan.Tensor> data, boolean hasMore, String next) {
  TensorPage {
    data = List.copyOf(data);
  }
}
