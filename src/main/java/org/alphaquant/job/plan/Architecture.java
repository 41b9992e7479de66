package org.alphaquant.job.plan;

import java.util.List;

/**
 * A family of models that can be quantized.
 *
 * @param modelType its {@code model_type} in config.json
 * @param architectures its class names in config.json
 * @param attention what is special about its attention
 * @param routing how tokens are routed: score, top-k, renormalisation, groups; {@code none} for
 *     dense models
 * @param sharedExperts experts that every token visits; {@code none} without
 */
public record Architecture(
    String modelType,
    List<String> architectures,
    String attention,
    String routing,
    String sharedExperts) {
  public Architecture {
    architectures = List.copyOf(architectures);
  }
}
