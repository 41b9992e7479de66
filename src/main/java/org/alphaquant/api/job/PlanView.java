package org.alphaquant.api.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.alphaquant.job.plan.JobPlan;

/**
 * A plan in a response.
 *
 * @param tensors a page of the result's tensors; null if not requested
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record PlanView(@JsonUnwrapped JobPlan plan, TensorPage tensors) {}
