package org.alphaquant.run;

import java.util.Map;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.export.OutputFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.gptq.RoutingWeight;

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
record QuantizationPlan(
    Map<String, TensorScheme> schemes,
    GptqOptions gptq,
    RoutingWeight weighting,
    double shrinkage,
    OutputFormat format,
    Dtype dtype,
    long[][] samples) {

  QuantizationPlan {
    schemes = Map.copyOf(schemes);
    if (shrinkage < 0) {
      throw new IllegalArgumentException("shrinkage is " + shrinkage + "; it must not be negative");
    }
  }
}
