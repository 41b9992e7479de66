package org.alphaquant.run;

import java.util.EnumMap;
import java.util.Map;
import org.alphaquant.job.JobProgress;
import org.alphaquant.moe.Utilization;
import org.alphaquant.quantize.ExpertLayer;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.worker.JobContext;

/**
 * Tells the job's clients how far the run is. The whole is weighed by tokens times passes, so that
 * the estimate of what remains follows the measured speed.
 */
final class RunProgress implements RunObserver {

  // Quantizing passes each token several times (Hessians, stages) and solves besides.
  private static final double QUANTIZE_PASSES = 4;

  private final JobContext context;
  private final Map<Phase, Double> weights = new EnumMap<>(Phase.class);
  private final long startNanos = System.nanoTime();

  RunProgress(JobContext context, long calibrationTokens, long evaluationTokens) {
    this.context = context;
    double whole = QUANTIZE_PASSES * calibrationTokens + 2.0 * evaluationTokens;
    weights.put(Phase.PREPARE, 0.0);
    weights.put(Phase.EVALUATE_BEFORE, evaluationTokens / whole);
    weights.put(Phase.QUANTIZE, QUANTIZE_PASSES * calibrationTokens / whole);
    weights.put(Phase.WRITE, 0.0);
    weights.put(Phase.EVALUATE_AFTER, evaluationTokens / whole);
  }

  @Override
  public void progress(Phase phase, int done, int of) {
    context.ensureHeld();
    double fraction = weights.get(phase) * done / Math.max(1, of);
    for (Phase earlier : Phase.values()) {
      fraction += earlier.compareTo(phase) < 0 ? weights.get(earlier) : 0;
    }
    fraction = Math.min(1, fraction);
    double elapsed = (System.nanoTime() - startNanos) / 1e9;
    Long remaining = fraction < 0.01 ? null : Math.round(elapsed * (1 - fraction) / fraction);
    context.progress(new JobProgress(phase.jsonName(), done, of, fraction, remaining));
  }

  @Override
  public void routed(Utilization utilization) {
    routed(ExpertLayer.of(utilization));
  }

  /** A layer's routing, counted by this attempt or an earlier one. */
  void routed(ExpertLayer layer) {
    context.event("experts", layer);
  }

  @Override
  public void warning(String message) {
    context.event("log", Map.of("level", "warning", "message", message));
  }
}
