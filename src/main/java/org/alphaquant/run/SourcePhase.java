package org.alphaquant.run;

import java.util.Set;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.RunObserver.Phase;

/** What comes before solving: layers of an earlier attempt, and a look at the source. */
record SourcePhase(RunTools run, RunInputs inputs) {

  private static final int SHOWN_CHECKS = 50;

  /**
   * Takes over what an earlier attempt or a kept calibration has, and checks the source where
   * nobody has; the number of layers that need not be solved.
   */
  int adopted() {
    KeptFolder kept = run.kept();
    int adopted = run.seconds().of("adopt", run.resumption()::adopt);
    // Whoever made the calibration has looked at every tensor.
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

  /** The original's figures; null where none are asked for. */
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
