package org.alphaquant.run;

import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.architecture.Precision;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.ColumnOrder;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.job.ActOrder;
import org.alphaquant.job.GptqRequest;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.ScaleSearch;
import org.alphaquant.prepare.KeptModules;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.scheme.ModuleScheme;

/** The settings of the solver, resolved from a job's specification and plan. */
record SolverSettings(RunInputs inputs) {

  private static final int SCALE_STEPS = 48;

  private JobSpec spec() {
    return inputs.job().spec();
  }

  /** The requested precision; else TF32 for 16-bit sources and float32 for others. */
  Precision precision() {
    JobSpec spec = spec();
    if (spec.gptq().precision() != null) {
      return spec.gptq().precision();
    }
    // TF32 holds 16 bits exactly, and no perplexity moved beyond the spread of seeds with it.
    boolean halves = inputs.job().plan().dtype().bits() == Short.SIZE;
    return halves ? Precision.TF32 : Precision.FLOAT32;
  }

  /** Everything that determines the numbers of the run. */
  QuantizationPlan plan() {
    JobSpec spec = spec();
    GptqRequest gptq = spec.gptq();
    int steps = gptq.scaleSearch() == ScaleSearch.NONE ? 1 : SCALE_STEPS;
    QuantizationPlan plan =
        new QuantizationPlan(
            schemes(),
            new GptqOptions(
                gptq.damp().candidates(),
                gptq.blockSize(),
                order(gptq.actOrder()),
                gptq.sweeps(),
                steps,
                gptq.scaleSearch() == ScaleSearch.HESSIAN,
                gptq.refit()),
            gptq.rounding(),
            gptq.routingWeight(),
            gptq.shrinkage(),
            inputs.job().plan().format(),
            inputs.job().plan().dtype(),
            inputs.samples().tokens());
    QuantizationPlan caching =
        plan.covering(spec.calibration().coverage())
            .weighing(inputs.weighed() == null ? null : inputs.weighed().evidence())
            .caching(inputs.job().plan().content().cached());
    return spec.distill() == null ? caching : caching.keepingSolutions();
  }

  private static ColumnOrder order(ActOrder asked) {
    return switch (asked) {
      case ALWAYS -> ColumnOrder.ACTIVATION;
      case NEVER -> ColumnOrder.NATURAL;
      case AUTO -> ColumnOrder.AUTO;
    };
  }

  private Map<String, TensorScheme> schemes() {
    if (spec().kind() == JobKind.CALIBRATION) {
      return new KeptModules(inputs.job()).schemes();
    }
    return inputs.job().plan().content().quantized().stream()
        .collect(Collectors.toMap(ModuleScheme::name, ModuleScheme::scheme));
  }
}
