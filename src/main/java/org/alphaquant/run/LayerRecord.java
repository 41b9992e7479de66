package org.alphaquant.run;

import java.util.List;
import java.util.Map;
import org.alphaquant.moe.Utilization;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.quantize.LinearReport;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The record of a finished layer beside its tensors.
 *
 * @param version of this record's format; records of other versions are not adopted
 * @param experts null in a dense layer
 */
@JsonNaming(SnakeCaseStrategy.class)
record LayerRecord(
    int version,
    int layer,
    List<LinearReport> linears,
    Map<String, Double> seconds,
    Utilization experts) {

  /** Raised when a layer's record or its tensors change their form or meaning. */
  static final int VERSION = 5;

  static LayerRecord of(int layer, LayerResult result) {
    return new LayerRecord(
        VERSION,
        layer,
        List.copyOf(result.reports()),
        Map.copyOf(result.seconds()),
        result.utilization());
  }
}
