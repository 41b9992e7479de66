package org.alphaquant.architecture;

import java.util.List;

/**
 * A family that can be quantized.
 *
 * @param modelType its {@code model_type} in config.json
 * @param architectures its class names in config.json's {@code architectures}
 * @param attention special features of its attention
 * @param routing how tokens are routed; {@code none} for dense models
 * @param sharedExperts experts that every token visits; {@code none} without
 */
public record FamilyDescription(
    String modelType,
    List<String> architectures,
    String attention,
    String routing,
    String sharedExperts) {

  public FamilyDescription {
    architectures = List.copyOf(architectures);
  }
}
