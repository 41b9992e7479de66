package org.alphaquant.job.plan;

import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The model to inspect.
 *
 * @param model folder below one of the allowed roots, or a model of the hub
 * @param revision the hub model's branch, tag or commit; null for its main branch
 * @param modelType family to read it as; null for the checkpoint's own
 */
public record InspectionRequest(
    String model, String revision, @JsonProperty("model_type") String modelType) {
  public InspectionRequest {
    text("model", model, 512);
    textOrNull("revision", revision, 200);
    textOrNull("model_type", modelType, 64);
  }
}
