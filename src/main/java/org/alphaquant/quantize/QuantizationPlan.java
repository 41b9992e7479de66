package org.alphaquant.quantize;

import java.util.Map;
import java.util.OptionalInt;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.job.Coverage;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.traffic.Evidence;

/**
 * All resolved settings that determine the numbers of a run.
 *
 * @param schemes by module name; a module that is absent stays as it is
 * @param gptq the solver's settings
 * @param nearest whether weights take their nearest codes instead
 * @param weighting how much a token counts in an expert's Hessian
 * @param shrinkage how far each expert's Hessian is drawn towards its layer's mean
 * @param coverage which tokens each expert is calibrated on
 * @param format how the checkpoint is written
 * @param dtype the model's own dtype
 * @param samples calibration token ids [n][S]
 * @param cached attention modules by layer whose keys and values get scales for a cache
 * @param evidence what places in the samples and experts count beside that; null for all the same
 * @param keepsSolutions whether each module's codes and scales are kept for further training
 */
public record QuantizationPlan(
    Map<String, TensorScheme> schemes,
    GptqOptions gptq,
    boolean nearest,
    RoutingWeight weighting,
    Shrinkage shrinkage,
    Coverage coverage,
    StorageFormat format,
    Dtype dtype,
    long[][] samples,
    Map<Integer, String> cached,
    Evidence evidence,
    boolean keepsSolutions) {

  /** On natural routing, without a cache and without keeping solutions. */
  public QuantizationPlan(
      Map<String, TensorScheme> schemes,
      GptqOptions gptq,
      boolean nearest,
      RoutingWeight weighting,
      Shrinkage shrinkage,
      StorageFormat format,
      Dtype dtype,
      long[][] samples) {
    this(
        schemes,
        gptq,
        nearest,
        weighting,
        shrinkage,
        Coverage.NATURAL,
        format,
        dtype,
        samples,
        Map.of(),
        null,
        false);
  }

  /** The same with experts calibrated on other tokens. */
  public QuantizationPlan covering(Coverage other) {
    return with(other, cached, evidence, keepsSolutions);
  }

  /** The same with scales for a cache of these attention modules' keys and values. */
  public QuantizationPlan caching(Map<Integer, String> modules) {
    return with(coverage, modules, evidence, keepsSolutions);
  }

  /** The same with samples and experts that count differently; null for all the same. */
  public QuantizationPlan weighing(Evidence other) {
    return with(coverage, cached, other, keepsSolutions);
  }

  private QuantizationPlan with(
      Coverage covering, Map<Integer, String> caching, Evidence weighing, boolean keeping) {
    return new QuantizationPlan(
        schemes, gptq, nearest, weighting, shrinkage, covering, format, dtype, samples, caching,
        weighing, keeping);
  }

  /** Number of the dtype that the format rounds the weight itself to, if it does. */
  public OptionalInt rounding() {
    return format.storesValues()
        ? OptionalInt.of(TorchTypes.of(dtype).number())
        : OptionalInt.empty();
  }

  /** The same, with solutions kept. */
  public QuantizationPlan keepingSolutions() {
    return with(coverage, cached, evidence, true);
  }

  public QuantizationPlan {
    schemes = Map.copyOf(schemes);
  }
}
