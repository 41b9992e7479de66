package org.alphaquant.run;

import java.util.List;
import java.util.Map;
import org.alphaquant.quantize.ExpertLayer;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.quantize.LinearReport;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * What is kept of a finished layer beside its tensors.
 *
 * @param experts null in a dense layer
 */
@JsonNaming(SnakeCaseStrategy.class)
record LayerRecord(
    int layer, List<LinearReport> linears, Map<String, Double> seconds, ExpertLayer experts) {

  static LayerRecord of(int layer, LayerResult result) {
    return new LayerRecord(
        layer,
        List.copyOf(result.reports()),
        Map.copyOf(result.seconds()),
        result.utilization() == null ? null : ExpertLayer.of(result.utilization()));
  }
}
