package org.alphaquant.run;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.alphaquant.job.JobProgress;
import org.alphaquant.moe.Utilization;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.worker.JobContext;

/**
 * Tells the job's clients how far the run is. The whole is weighed by tokens times passes, so that
 * the estimate of what remains follows the measured speed.
 */
final class RunProgress implements RunObserver {

  // Quantizing passes each token several times (Hessians, stages) and solves besides.
  private static final double QUANTIZE_PASSES = 4;

  // The phases' weights add up to one but for rounding.
  private static final double ALL = 1 - 1e-9;

  private final JobContext context;
  private final Map<Phase, Double> weights = new EnumMap<>(Phase.class);
  private final Map<Phase, Double> adopted = new EnumMap<>(Phase.class);
  private final LongSupplier nanos;
  private final long startNanos;

  RunProgress(JobContext context, long calibrationTokens, long evaluationTokens) {
    this(context, calibrationTokens, evaluationTokens, System::nanoTime);
  }

  RunProgress(
      JobContext context, long calibrationTokens, long evaluationTokens, LongSupplier nanos) {
    this.context = context;
    this.nanos = nanos;
    this.startNanos = nanos.getAsLong();
    double whole = QUANTIZE_PASSES * calibrationTokens + 2.0 * evaluationTokens;
    weights.put(Phase.PREPARE, 0.0);
    weights.put(Phase.EVALUATE_BEFORE, evaluationTokens / whole);
    weights.put(Phase.QUANTIZE, QUANTIZE_PASSES * calibrationTokens / whole);
    weights.put(Phase.WRITE, 0.0);
    weights.put(Phase.EVALUATE_AFTER, evaluationTokens / whole);
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

  // By the speed of this attempt: what it found done took it no time.
  private Long remaining(double own, double whole) {
    double elapsed = (nanos.getAsLong() - startNanos) / 1e9;
    return own < 0.01 ? null : Math.round(elapsed * Math.max(0, whole - own) / own);
  }

  @Override
  public void routed(Utilization layer) {
    context.event("experts", layer);
  }

  @Override
  public void warning(String message) {
    context.event("log", Map.of("level", "warning", "message", message));
  }
}
