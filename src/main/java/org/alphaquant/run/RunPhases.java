package org.alphaquant.run;

import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.alphaquant.allocate.Adaptation;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.job.JobResult;
import org.alphaquant.model.ModelFolder;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.traffic.TrafficWeights;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.JsonNode;

/** The phases of one run: evaluate, quantize layer by layer, write, evaluate what was written. */
final class RunPhases implements AutoCloseable {

  private final JobContext context;
  private final SourceHashes source;
  private final TensorScope rotation;
  private RunTools run;

  // With a budget or rules for experts the configuration is chosen on the way.
  private RunInputs inputs;
  private Allocation allocation;
  private Adaptation adaptation;

  /**
   * @param devices that solve together; the first one does everything else
   * @param kept a calibration of an earlier run; null where there is none
   * @param seconds of the stages so far
   * @param fingerprint of the inputs
   */
  RunPhases(
      JobContext context,
      List<Torch> devices,
      KeptFolder kept,
      RunInputs inputs,
      SourceHashes source,
      RunProgress progress,
      StageSeconds seconds,
      String fingerprint) {
    Torch torch = devices.get(0);
    this.context = context;
    this.source = source;
    this.rotation = torch.scope("rotation");
    this.inputs = inputs.with(new RotatedSource(torch, rotation).of(inputs.job()));
    this.run = RunTools.of(context, devices, kept, this.inputs, progress, seconds, fingerprint);
  }

  /** Makes the result. */
  JobResult run() throws IOException {
    return sound(this::made);
  }

  private JobResult made() throws IOException {
    SourcePhase original = new SourcePhase(run, inputs);
    int adopted = original.adopted();
    weigh();
    Measured before = original.measured();
    decide();
    try (SolvePhase solving = SolvePhase.of(run, inputs)) {
      SolvePhase.Written result = solving.write(adopted);
      return checked(solving, result, before);
    }
  }

  /** Keeps a calibration in place of a result: the Hessians, and the original's figures. */
  JobResult keep() throws IOException {
    return sound(this::kept);
  }

  private interface Work {
    JobResult done() throws IOException;
  }

  // What the source itself is at fault for is said by the check that goes on beside.
  private JobResult sound(Work work) throws IOException {
    try {
      JobResult result = work.done();
      run.checking().await();
      return result;
    } catch (ModelException follows) {
      run.checking().await();
      throw follows;
    }
  }

  private JobResult kept() throws IOException {
    SourcePhase original = new SourcePhase(run, inputs);
    int adopted = original.adopted();
    weigh();
    Measured before = original.measured();
    try (SolvePhase solving = SolvePhase.of(run, inputs)) {
      solving.keep(adopted);
      run.progress().progress(Phase.WRITE, 0, 1);
      int modules = solving.settings().plan().schemes().size();
      run.seconds()
          .of(
              Phase.WRITE.jsonName(),
              () ->
                  KeptFolder.write(
                      context.artifactDirectory(),
                      inputs,
                      run.layers(),
                      modules,
                      before,
                      run.resumption().outputs()));
    }
    inputs.evaluation().warnings().forEach(run.progress()::warning);
    run.progress().progress(Phase.EVALUATE_AFTER, 1, 1);
    Figures figures = before == null ? Figures.NONE : Figures.of(null, before, null);
    return new JobResult(
        figures.perplexity(),
        null,
        figures.choices(),
        null,
        null,
        new ArtifactList(context).of(List.of()));
  }

  // A calibration that was made for this traffic has it in its Hessians.
  private void weigh() {
    if (inputs.traffic() == null) {
      return;
    }
    KeptFolder kept = run.solving().from() == null ? null : run.kept();
    if (kept != null && kept.isOf(inputs.traffic())) {
      inputs = inputs.with(new TrafficWeights.Weighed(null, kept.manifest().traffic()));
      return;
    }
    TrafficPhase phase =
        new TrafficPhase(context, inputs, run.resumption(), run.progress(), run.solving());
    inputs = inputs.with(run.seconds().of(Phase.WEIGH_TEXT.jsonName(), phase::run));
    if (kept != null) {
      run = run.solvingFrom(new WeighedCalibration(kept, inputs.weighed().evidence()));
    }
  }

  private void decide() {
    if (run.spec().budget() != null) {
      AllocatePhase phase =
          new AllocatePhase(context, inputs, run.resumption(), run.progress(), run.solving());
      allocation = timed(phase::run);
      goOnWith(allocation.config());
    }
    if (!run.spec().adaptive().isEmpty()) {
      AdaptPhase phase =
          new AdaptPhase(context, inputs, run.resumption(), run.progress(), run.solving());
      adaptation = timed(phase::run);
      goOnWith(adaptation.config());
    }
  }

  private <T> T timed(Supplier<T> phase) {
    return run.seconds().of(Phase.ALLOCATE.jsonName(), phase);
  }

  private void goOnWith(JsonNode config) {
    PreparedJob prepared = inputs.job().configured(config);
    inputs = inputs.with(prepared);
    if (!prepared.plan().errors().isEmpty()) {
      throw new InvalidConfigException(prepared.plan().errors());
    }
  }

  private JobResult checked(SolvePhase solving, SolvePhase.Written result, Measured before)
      throws IOException {
    Plan plan = inputs.job().plan();
    try (StoredResult written = plan.format().open(context.artifactDirectory())) {
      StoredWeights stored = new StoredWeights(plan, written);
      run.seconds().of("verify", () -> solving.check(written, stored, result.trained()));
      Figures figures = before == null ? Figures.NONE : measured(stored, before);
      new RunReports(
              context, run.torch(), inputs, source, run.solved(), run.progress(), run.seconds())
          .write(figures, result.trained(), allocation, adaptation, run.peak().peak(run.memory()));
      return new JobResult(
          figures.perplexity(),
          figures.divergence(),
          figures.choices(),
          plan.bitsPerWeight(),
          new JobResult.Size(plan.sourceBytes(), plan.outputBytes()),
          new ArtifactList(context).of(result.files()));
    }
  }

  private Figures measured(StoredWeights stored, Measured before) {
    try (Checkpoint read = ModelFolder.open(context.artifactDirectory(), Links.OWN)) {
      Measuring.Subject subject = new Measuring.Subject(read, inputs.job().description(), stored);
      return run.measuring().after(subject, before, context::ensureHeld);
    }
  }

  @Override
  public void close() {
    run.checking().close();
    rotation.close();
  }
}
