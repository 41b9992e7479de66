package org.alphaquant.run;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.alphaquant.job.DistillRequest;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.SelfWrittenRequest;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.AllocationPlan;
import org.alphaquant.prepare.AllocationWork;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.worker.JobContext;

/**
 * Reports progress and remaining time. Phases are weighted by tokens times passes, so that the
 * estimate follows the measured speed.
 */
final class RunProgress implements RunObserver {

  // Quantizing passes each token several times (Hessians, stages) and solves besides.
  private static final double QUANTIZE_PASSES = 4;

  // A token at a time keeps a device from being busy.
  private static final double SAMPLE_PASSES = 4;

  // The original, the model in training, the same again, and twice as much backward.
  private static final double DISTILL_PASSES = 5;

  // The phases' weights add up to one but for rounding.
  private static final double ALL = 1 - 1e-9;

  private final JobContext context;
  private final Map<Phase, Double> weights = new EnumMap<>(Phase.class);
  private final Map<Phase, Double> adopted = new EnumMap<>(Phase.class);
  private final LongSupplier nanos;
  private final long startNanos;

  /**
   * Tokens that pass through the model, from which the remaining time is estimated.
   *
   * @param written generated for calibration
   * @param weighed in the pass that fits the text to traffic
   * @param sampled generated for training
   * @param trained in all steps of a training
   * @param quantizations trial quantizations of a budget
   * @param measured in evaluations of variants of the model
   */
  record Tokens(
      long written,
      long weighed,
      long calibration,
      long evaluation,
      long sampled,
      long trained,
      int quantizations,
      double measured) {

    /** Without text of its own, a training or a budget. */
    Tokens(long calibration, long evaluation) {
      this(0, 0, calibration, evaluation, 0, 0, 0, 0);
    }

    /** Of a quantization with these inputs, before any text is written. */
    static Tokens of(JobSpec spec, RunInputs inputs) {
      long length = inputs.samples().sequenceLength();
      SelfWrittenRequest own = spec.calibration().selfWritten();
      long written = own == null ? 0 : own.sequences() * length;
      long given = own != null && own.only() ? 0 : inputs.samples().samples() * length;
      DistillRequest training = spec.distill();
      long sampled = training == null ? 0 : training.sequences() * length;
      long trained =
          training == null ? 0 : training.epochs() * (inputs.training().length * length + sampled);
      Optional<AllocationWork> allocation =
          AllocationPlan.of(inputs.job()).map(AllocationWork::new);
      return new Tokens(
          written,
          spec.traffic() == null ? 0 : given + written,
          given + written,
          inputs.evaluation().tokens(),
          sampled,
          trained,
          allocation.map(AllocationWork::quantizations).orElse(0),
          allocation.map(it -> it.measuringPasses() * it.tokens()).orElse(0.0));
    }
  }

  RunProgress(JobContext context, Tokens tokens) {
    this(context, tokens, System::nanoTime);
  }

  RunProgress(JobContext context, Tokens tokens, LongSupplier nanos) {
    this(context, weights(tokens), nanos);
  }

  private RunProgress(JobContext context, Map<Phase, Double> weights, LongSupplier nanos) {
    this.context = context;
    this.nanos = nanos;
    this.startNanos = nanos.getAsLong();
    double whole = weights.values().stream().mapToDouble(Double::doubleValue).sum();
    for (Phase phase : Phase.values()) {
      this.weights.put(phase, weights.getOrDefault(phase, 0.0) / whole);
    }
  }

  /** Without a forward pass: reading and writing are alike. */
  static RunProgress ofConversion(JobContext context) {
    return new RunProgress(context, Map.of(Phase.PREPARE, 1.0, Phase.WRITE, 1.0), System::nanoTime);
  }

  private static Map<Phase, Double> weights(Tokens tokens) {
    Map<Phase, Double> weights = new EnumMap<>(Phase.class);
    weights.put(Phase.WRITE_TEXT, SAMPLE_PASSES * tokens.written());
    weights.put(Phase.WEIGH_TEXT, (double) tokens.weighed());
    weights.put(Phase.EVALUATE_BEFORE, (double) tokens.evaluation());
    weights.put(
        Phase.ALLOCATE,
        QUANTIZE_PASSES * tokens.calibration() * tokens.quantizations() + tokens.measured());
    weights.put(Phase.QUANTIZE, QUANTIZE_PASSES * tokens.calibration());
    weights.put(Phase.SAMPLE, SAMPLE_PASSES * tokens.sampled());
    weights.put(Phase.DISTILL, DISTILL_PASSES * tokens.trained());
    weights.put(Phase.EVALUATE_AFTER, (double) tokens.evaluation());
    return weights;
  }

  /** {@code done} of {@code of} units of a phase were done by an earlier attempt. */
  void adopted(Phase phase, int done, int of) {
    adopted.put(phase, weights.get(phase) * done / Math.max(1, of));
  }

  @Override
  public void progress(Phase phase, int done, int of) {
    context.ensureHeld();
    double own = 0;
    double whole = 0;
    double fraction = 0;
    for (Phase each : Phase.values()) {
      double weight = weights.get(each);
      double given = adopted.getOrDefault(each, 0.0);
      int order = each.compareTo(phase);
      double part = order < 0 ? weight : order > 0 ? 0 : weight * done / Math.max(1, of);
      fraction += part;
      whole += weight - given;
      own += Math.max(0, part - given);
    }
    context.progress(
        new JobProgress(
            phase.jsonName(), done, of, fraction > ALL ? 1 : fraction, remaining(own, whole)));
  }

  // Estimated from the speed of this attempt alone, without work adopted from an earlier one.
  private Long remaining(double own, double whole) {
    double elapsed = (nanos.getAsLong() - startNanos) / 1e9;
    return own < 0.01 ? null : Math.round(elapsed * Math.max(0, whole - own) / own);
  }

  @Override
  public void routed(Utilization layer) {
    context.event("experts", layer);
  }

  /** Reports a figure of a training step. */
  void measured(String name, int step, double value) {
    context.event("metric", Map.of("name", name, "step", step, "value", value));
  }

  @Override
  public void warning(String message) {
    context.event("log", Map.of("level", "warning", "message", message));
  }
}
