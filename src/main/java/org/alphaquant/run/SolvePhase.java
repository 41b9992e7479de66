package org.alphaquant.run;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.distill.DistilledFiles;
import org.alphaquant.job.HessianPrecision;
import org.alphaquant.job.JobKind;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.Rank;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.storage.StoredResult;

/**
 * Quantizes the layers, trains them where requested, writes the result, and reads it back.
 *
 * @param checks of the layers as they are finished, and of the result
 */
record SolvePhase(RunTools run, RunInputs inputs, SolverSettings settings, LayerCheck checks)
    implements AutoCloseable {

  /**
   * @param inputs with the configuration that was decided on
   */
  static SolvePhase of(RunTools run, RunInputs inputs) {
    LayerCheck checks = new LayerCheck(run.solving().devices(), inputs.job(), run.layers());
    return new SolvePhase(run, inputs, new SolverSettings(inputs), checks);
  }

  /** The written result. */
  record Written(List<WrittenFile> files, DistilledFiles trained) {}

  /**
   * Writes the result; without training, while layers are still being solved.
   *
   * @param adopted number of layers finished by an earlier attempt
   */
  Written write(int adopted) throws IOException {
    boolean trains = run.spec().distill() != null;
    try (ResultWriting writing = writing(adopted)) {
      if (!trains) {
        writing.begin(pending -> assemble(pending, DistilledFiles.NONE));
      }
      solve(adopted, writing);
      DistilledFiles trained = trains ? distilled(writing) : DistilledFiles.NONE;
      run.progress().progress(Phase.WRITE, 0, 1);
      List<WrittenFile> files = run.seconds().of(Phase.WRITE.jsonName(), writing::finish);
      if (run.spec().output().imatrix()) {
        new CalibrationSums(inputs, writing.layers().all(), run.solved().experts())
            .write(run.context().artifactDirectory());
      }
      return new Written(files, trained);
    }
  }

  /** Keeps the Hessians of each layer in place of a result. */
  void keep(int adopted) {
    try (ResultWriting writing = writing(adopted)) {
      solve(adopted, writing);
    }
  }

  private ResultWriting writing(int adopted) {
    return new ResultWriting(run.layers(), inputs.job().description().layers(), adopted);
  }

  private void solve(int first, ResultWriting writing) {
    for (int i = 0; i < first; i++) {
      Optional.ofNullable(run.layers().read(i).experts()).ifPresent(run.progress()::routed);
    }
    run.solving()
        .run(
            inputs, this::quantizer, first, run.resumption(), writing, run.progress(), this::check);
    writing.awaitLayers();
  }

  // On the CPU the next layer needs the cores that decoding would take.
  private void check(int layer, LayerResult result) {
    if (!run.torch().device().equals("cpu") && !result.reports().isEmpty()) {
      checks.check(layer, result.reports());
    }
  }

  // A calibration keeps the Hessians that a quantization would use.
  private ModelQuantizer quantizer(Rank rank) {
    if (run.spec().kind() != JobKind.CALIBRATION) {
      return new ModelQuantizer(settings.plan(), run.memory(), rank);
    }
    HessianPrecision hessians = run.spec().calibration().hessians();
    return ModelQuantizer.keeping(
        settings.plan(),
        run.memory(),
        hessians == HessianPrecision.BFLOAT16 ? Dtype.BF16 : Dtype.F32,
        new SpilledTensors(run.layers().folder()));
  }

  private DistilledFiles distilled(ResultWriting writing) {
    DistillPhase phase =
        new DistillPhase(
            run.context(), run.torch(), inputs, run.resumption(), run.progress(), run.seconds());
    DistilledFiles trained = phase.run(settings.plan(), writing.layers().all());
    run.peak().look();
    writing.begin(pending -> assemble(pending, trained));
    return trained;
  }

  private List<WrittenFile> assemble(PendingLayers pending, DistilledFiles trained) {
    List<SafetensorsFile> later = trained.open();
    try {
      return new CheckpointAssembly(inputs.job())
          .write(pending, later, run.context().artifactDirectory());
    } finally {
      later.forEach(SafetensorsFile::close);
    }
  }

  /**
   * Reads the result back as an engine would and compares it with the plan and the solved weights.
   */
  void check(StoredResult written, StoredWeights stored, DistilledFiles trained) {
    Map<String, LinearReport> reports =
        run.solved().linears(trained).stream()
            .collect(Collectors.toMap(LinearReport::module, Function.identity()));
    List<SafetensorsFile> files = trained.open();
    try {
      Map<String, List<TensorSource>> decoded = checks.planes();
      decoded.keySet().removeAll(trained.checksums().keySet());
      new ResultCheck(inputs.job().plan(), written, stored, decoded, run.context()::ensureHeld)
          .check(run.torch(), reports, pieces(inputs.job(), files));
    } finally {
      files.forEach(SafetensorsFile::close);
    }
  }

  // The plain tensors of the result, with their trained values where they were trained.
  private static Map<String, TensorSource> pieces(PreparedJob job, List<SafetensorsFile> trained) {
    Map<String, TensorSource> pieces = new HashMap<>(job.pieces());
    for (SafetensorsFile file : trained) {
      file.names().stream()
          .filter(pieces::containsKey)
          .forEach(name -> pieces.put(name, file.source(name)));
    }
    return pieces;
  }

  @Override
  public void close() {
    checks.close();
  }
}
