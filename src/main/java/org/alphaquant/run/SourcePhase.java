package org.alphaquant.run;

import java.util.Set;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.RunObserver.Phase;

/**
 * The first phase: adopts the layers of an earlier attempt, checks the source and measures it. On a
 * GPU the check goes on beside what follows; on the CPU it would only take its cores.
 */
record SourcePhase(RunTools run, RunInputs inputs) {

  private static final int SHOWN_CHECKS = 50;

  /**
   * Adopts the work of an earlier attempt or a kept calibration, and checks the source if neither
   * has; returns the number of adopted layers.
   */
  int adopted() {
    KeptFolder kept = run.kept();
    int adopted = run.seconds().of("adopt", run.resumption()::adopt);
    // The job that made the calibration has checked every tensor.
    if (adopted == 0 && kept == null) {
      run.seconds().of("check_source", this::check);
    }
    if (kept != null && run.resumption().measured().isEmpty()) {
      kept.measured(inputs.evaluation()).ifPresent(this::take);
    }
    run.progress().adopted(Phase.QUANTIZE, adopted, inputs.job().description().layers());
    run.resumption()
        .measured()
        .ifPresent(known -> run.progress().adopted(Phase.EVALUATE_BEFORE, 1, 1));
    return adopted;
  }

  private void take(Measured measured) {
    if (measured.compared() > 0) {
      run.kept().takeOutputs(run.resumption().outputs());
    }
    run.resumption().put(measured);
  }

  private void check() {
    Set<String> names = inputs.job().model().storedTensors();
    if (!run.torch().device().equals("cpu")) {
      run.checking().begin(inputs.job().source(), names);
      return;
    }
    int step = Math.max(1, names.size() / SHOWN_CHECKS);
    SourceCheck.check(
        inputs.job().source(),
        names,
        done -> {
          run.context().ensureHeld();
          if (done % step == 0) {
            run.progress().progress(Phase.PREPARE, done, names.size());
          }
        });
  }

  /** The original's figures; null without an evaluation. */
  Measured measured() {
    if (!run.measuring().isAsked()) {
      return null;
    }
    return run.resumption().measured().orElseGet(this::measure);
  }

  private Measured measure() {
    Measuring.Subject original =
        new Measuring.Subject(
            inputs.job().source(), inputs.job().description(), WeightOverlay.NONE);
    Measured measured = run.measuring().before(original, run.context()::ensureNotDraining);
    run.resumption().put(measured);
    return measured;
  }
}
