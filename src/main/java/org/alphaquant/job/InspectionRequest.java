package org.alphaquant.job;

import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Which model to look at.
 *
 * @param model model id or folder below one of the allowed roots
 * @param modelType family to read it as; null takes the checkpoint's own
 */
public record InspectionRequest(String model, @JsonProperty("model_type") String modelType) {
  public InspectionRequest {
    text("model", model, 512);
    textOrNull("model_type", modelType, 64);
  }
}
