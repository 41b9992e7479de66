package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.job.Sensitivity;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.KeptCalibration;
import org.alphaquant.traffic.ExpertCounts;
import org.alphaquant.worker.JobContext;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A kept calibration: {@code calibration.json}, the token ids, a file of Hessians and a record for
 * every layer, and the original's outputs on the evaluation text.
 */
record KeptFolder(Path folder, KeptManifest manifest) implements KeptCalibration {

  static final String MANIFEST = "calibration.json";

  private static final String LAYERS = "layers";
  private static final String OUTPUTS = "outputs";
  private static final String TEXT = "calibration-text";
  private static final String HELD_OUT = "held-out-text";
  private static final JsonMapper JSON = JsonMapper.shared();

  /** The calibration that a job names; empty where it names none. */
  static Optional<KeptFolder> of(JobContext context) {
    return Optional.ofNullable(context.spec().calibration().id())
        .map(
            id -> {
              FetchedSource source = context.sources().get(FetchedSource.ofCalibration(id));
              if (source == null) {
                throw unusable("the calibration " + id + " no longer exists");
              }
              return open(Path.of(source.path()));
            });
  }

  private static KeptFolder open(Path folder) {
    try {
      KeptManifest manifest = JSON.readValue(folder.resolve(MANIFEST).toFile(), KeptManifest.class);
      if (manifest.version() != KeptManifest.VERSION) {
        throw unusable(
            "the calibration has version %d of its format and this program reads version %d; make it again"
                .formatted(manifest.version(), KeptManifest.VERSION));
      }
      return new KeptFolder(folder, manifest);
    } catch (JacksonException e) {
      throw unusable("the calibration cannot be read: " + e.getOriginalMessage());
    }
  }

  /** Refuses a job whose model or settings differ from the calibration's. */
  void requireFits(PreparedJob job) {
    JobSpec spec = job.spec();
    if (!manifest.sourceSha256().equals(job.plan().source())
        || manifest.layers() != job.description().layers()) {
      throw unusable(
          "the calibration was made of '%s' with headers of the SHA-256 %s; '%s' has %s"
              .formatted(
                  manifest.model(), manifest.sourceSha256(), spec.model(), job.plan().source()));
    }
    if (spec.calibration().solvesFromKept()
        && !manifest.routingWeight().equals(spec.gptq().routingWeight())) {
      throw unusable(
          "the calibration weights tokens by p^%s and gptq.routing_weight is %s; take the same"
              .formatted(manifest.routingWeight().power(), spec.gptq().routingWeight().power()));
    }
  }

  /** Whether its Hessians are weighted for this traffic; if for other, it is refused. */
  boolean isOf(ExpertCounts traffic) {
    if (manifest.traffic() != null && !manifest.traffic().sha256().equals(traffic.sha256())) {
      throw unusable(
          "the calibration was made for traffic with the SHA-256 %s and the job's has %s; make another, or set calibration.sequential"
              .formatted(manifest.traffic().sha256(), traffic.sha256()));
    }
    return manifest.traffic() != null;
  }

  private static RunFailure unusable(String message) {
    return new RunFailure(JobError.Kind.USER, "unusable-calibration", message);
  }

  @Override
  public SafetensorsFile layer(int index) {
    return layers().file(index);
  }

  @Override
  public Utilization experts(int index) {
    return layers().read(index).experts();
  }

  @Override
  public double[] evidence(int index) {
    double[] same = new double[experts(index).experts().size()];
    Arrays.fill(same, 1);
    return same;
  }

  private LayerFiles layers() {
    return new LayerFiles(folder.resolve(LAYERS));
  }

  /** The text that it was made on, as token ids. */
  CalibrationSamples samples() {
    List<long[]> tokens = text(folder).adopted();
    return new CalibrationSamples(
        tokens.toArray(long[][]::new), manifest.used(), manifest.shortages(), manifest.digests());
  }

  private static SampledText text(Path folder) {
    return new SampledText(TEXT, folder::resolve);
  }

  /** Text of the same sources that it was not made on, for a budget's sensitivities. */
  long[][] heldOut(JobSpec spec) {
    if (spec.budget() == null || spec.budget().sensitivity() != Sensitivity.MEASURED) {
      return new long[0][];
    }
    List<long[]> all = new SampledText(HELD_OUT, folder::resolve).adopted();
    int count = Math.max(1, spec.budget().tokens() / manifest.sequenceLength());
    return all.subList(Math.max(0, all.size() - count), all.size()).toArray(long[][]::new);
  }

  /** The original's figures on this text; empty if it was measured on another one. */
  Optional<Measured> measured(EvaluationInputs inputs) {
    return Optional.ofNullable(manifest.measured())
        .filter(it -> inputs.sha256().equals(manifest.evaluation()));
  }

  /** Copies the original's outputs on the evaluation text into a folder. */
  void takeOutputs(Path target) {
    copy(folder.resolve(OUTPUTS), target);
  }

  /**
   * Writes a kept calibration from the files of an attempt.
   *
   * @param measured null without an evaluation
   * @param outputs of the original on the evaluation text; may not exist
   */
  static void write(
      Path folder,
      RunInputs inputs,
      LayerFiles layers,
      int modules,
      Measured measured,
      Path outputs) {
    PreparedJob job = inputs.job();
    JobSpec spec = job.spec();
    new LayerFiles(folder.resolve(LAYERS)).adopt(layers, job.description().layers());
    text(folder).keep(0, inputs.samples().tokens());
    new SampledText(HELD_OUT, folder::resolve).keep(0, inputs.heldOut());
    if (measured != null && measured.compared() > 0) {
      copy(outputs, folder.resolve(OUTPUTS));
    }
    KeptManifest manifest =
        new KeptManifest(
            KeptManifest.VERSION,
            spec.model(),
            spec.revision(),
            job.plan().source(),
            job.description().family(),
            job.description().layers(),
            spec.gptq().routingWeight(),
            spec.calibration().coverage(),
            spec.calibration().hessians(),
            modules,
            inputs.samples().samples(),
            inputs.samples().sequenceLength(),
            inputs.weighed() == null ? null : inputs.weighed().fit(),
            inputs.samples().sha256(),
            inputs.samples().used(),
            inputs.samples().shortages(),
            inputs.samples().digests(),
            inputs.provenance(),
            measured == null ? null : inputs.evaluation().sha256(),
            measured);
    byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest);
    AtomicFile.write(folder.resolve(MANIFEST), file -> file.write(ByteBuffer.wrap(json)));
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.list(from)) {
      Files.createDirectories(to);
      for (Path file : files.toList()) {
        LayerFiles.take(file, to.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
