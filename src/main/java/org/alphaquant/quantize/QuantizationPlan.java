package org.alphaquant.quantize;

import java.util.Map;
import org.alphaquant.architecture.RoutingWeight;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.storage.StorageFormat;

/**
 * Everything that decides the numbers of a run, resolved.
 *
 * @param schemes by module name; a module that is absent stays as it is
 * @param gptq the solver's settings
 * @param weighting how much a token counts in an expert's Hessian
 * @param shrinkage average tokens of the layer added to each expert's Hessian
 * @param format how the checkpoint is written
 * @param dtype the model's own dtype
 * @param samples calibration token ids [n][S]
 */
public record QuantizationPlan(
    Map<String, TensorScheme> schemes,
    GptqOptions gptq,
    RoutingWeight weighting,
    double shrinkage,
    StorageFormat format,
    Dtype dtype,
    long[][] samples) {

  public QuantizationPlan {
    schemes = Map.copyOf(schemes);
    if (shrinkage < 0) {
      throw new IllegalArgumentException("shrinkage is " + shrinkage + "; it must not be negative");
    }
  }
}
