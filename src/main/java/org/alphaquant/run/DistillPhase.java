package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.distill.DistillSettings;
import org.alphaquant.distill.Distillation;
import org.alphaquant.distill.DistilledFiles;
import org.alphaquant.distill.SolvedModel;
import org.alphaquant.distill.WindowedDistillation;
import org.alphaquant.estimate.DistillMemory;
import org.alphaquant.job.DistillRequest;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.DistillPlan;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.sample.SampleRequest;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;

/**
 * Trains the quantized model against its source, on calibration text and on text that the source
 * generates. The text and the training's state are kept, so that a later attempt resumes.
 */
final class DistillPhase {

  private static final long STATE_NANOS = 20_000_000_000L;
  private static final long HOST_BYTES = 4L << 30;
  private static final int SHOWN_LOSSES = 200;
  private static final String STATE = "distill-state.safetensors";

  private final JobContext context;
  private final Torch torch;
  private final RunInputs inputs;
  private final PreparedJob prepared;
  private final DistillRequest spec;
  private final Resumption resumption;
  private final RunProgress progress;
  private final StageSeconds seconds;
  private long lastState = System.nanoTime();
  private double losses;
  private String measure = "distill_kl";
  private int window;

  DistillPhase(
      JobContext context,
      Torch torch,
      RunInputs inputs,
      Resumption resumption,
      RunProgress progress,
      StageSeconds seconds) {
    this.seconds = seconds;
    this.context = context;
    this.torch = torch;
    this.inputs = inputs;
    this.prepared = inputs.job();
    this.spec = context.spec().distill();
    this.resumption = resumption;
    this.progress = progress;
  }

  /**
   * Trains.
   *
   * @param solved the layers' files, with solutions
   */
  DistilledFiles run(QuantizationPlan plan, List<SafetensorsFile> solved) {
    window = decided();
    long[][] written = seconds.of(Phase.SAMPLE.jsonName(), this::written);
    long[][] sequences =
        Stream.of(inputs.training(), written).flatMap(Arrays::stream).toArray(long[][]::new);
    torch.releaseCachedMemory();
    return seconds.of(Phase.DISTILL.jsonName(), () -> trained(plan, solved, sequences));
  }

  private DistilledFiles trained(
      QuantizationPlan plan, List<SafetensorsFile> solved, long[][] sequences) {
    SolvedModel model =
        new SolvedModel(
            prepared.source(),
            prepared.model().weights(),
            prepared.description(),
            plan,
            solved,
            norms());
    Path results = context.attemptDirectory().resolve("distilled");
    try (TensorScope scope = torch.scope("distill")) {
      return window < model.description().layers()
          ? inWindows(scope, model, sequences, results)
          : atOnce(scope, model, sequences, results);
    } finally {
      torch.releaseCachedMemory();
    }
  }

  private DistilledFiles atOnce(
      TensorScope scope, SolvedModel model, long[][] sequences, Path results) {
    try (Distillation training = new Distillation(scope, model, settings(), room())) {
      training.train(sequences, resumption.file(STATE), new Course());
      return training.write(results);
    }
  }

  private DistilledFiles inWindows(
      TensorScope scope, SolvedModel model, long[][] sequences, Path results) {
    try (WindowedDistillation training =
        new WindowedDistillation(scope, model, settings(), room(), window)) {
      return training.train(sequences, resumption::file, results, new Course());
    }
  }

  /** Tells of the steps, and keeps the state now and then. */
  private final class Course implements Distillation.Observer {
    private boolean begun;

    @Override
    public boolean step(int done, int of, double loss) {
      // The steps before the first were an earlier attempt's, and say nothing about this one's
      // speed.
      if (!begun) {
        progress.adopted(Phase.DISTILL, done - 1, of);
        begun = true;
      }
      progress.progress(Phase.DISTILL, done, of);
      int shown = Math.max(1, of / SHOWN_LOSSES);
      losses += loss;
      if (done % shown == 0) {
        progress.measured(measure, done, losses / shown);
        losses = 0;
      }
      return System.nanoTime() - lastState > STATE_NANOS;
    }

    @Override
    public void window(int first, int last, boolean predicts) {
      measure = predicts ? "distill_kl" : "distill_stream_error";
      losses = 0;
    }

    @Override
    public void stateWritten() {
      lastState = System.nanoTime();
      context.betweenLayers();
    }
  }

  // What is left over spares computing twice. On a host the sizes are fixed, as others live there.
  private Distillation.Room room() {
    DistillMemory memory = memory();
    long spare =
        torch.freeDeviceMemory().orElse(HOST_BYTES + memory.deviceBytes(window))
            - memory.deviceBytes(window);
    boolean recompute = memory.recordedBytes(window) > spare / 2;
    return new Distillation.Room(DistillMemory.LOGITS_BYTES, spare / 4, recompute);
  }

  private DistillSettings settings() {
    return new DistillSettings(
        spec.epochs(),
        spec.batch(),
        spec.latentRate(),
        spec.scaleRate(),
        spec.normRate(),
        spec.seed());
  }

  private Map<String, Integer> norms() {
    Map<String, Integer> norms = new HashMap<>();
    for (TensorInfo tensor : prepared.plan().content().plain()) {
      if (isNorm(tensor)) {
        norms.put(tensor.name(), TorchTypes.of(tensor.dtype()).number());
      }
    }
    return norms;
  }

  // The norms of recurrent mixers are none of the residual stream's, but train as well.
  private static boolean isNorm(TensorInfo tensor) {
    return tensor.shape().size() == 1
        && tensor.name().endsWith(".weight")
        && tensor.name().contains("norm");
  }

  private DistillMemory memory() {
    return new DistillPlan(prepared, context.spec()).memory();
  }

  // A later attempt goes on with the windows of the first, however much is free then.
  private int decided() {
    Path file = resumption.file("distill-window");
    try {
      if (Files.exists(file)) {
        return Integer.parseInt(Files.readString(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int decided = fitting();
    byte[] digits = String.valueOf(decided).getBytes(StandardCharsets.US_ASCII);
    AtomicFile.write(file, out -> out.write(ByteBuffer.wrap(digits)));
    return decided;
  }

  // As the plan says, or fewer layers where the device has less memory free.
  private int fitting() {
    DistillPlan plan = new DistillPlan(prepared, context.spec());
    long free = torch.freeDeviceMemory().orElse(Long.MAX_VALUE);
    int most = plan.memory().largestWindow(free);
    boolean asked = spec.window() != null;
    int window = asked ? plan.window() : Math.min(plan.window(), most);
    if (window < 1 || window > most) {
      int least = Math.max(1, window);
      throw new RunFailure(
          JobError.Kind.USER,
          "distillation-too-large",
          "training %d layers at a time takes %.1f GB on %s; %.1f GB are free. Their latent weights and the optimiser must fit at once; a smaller distill.batch saves activations only"
              .formatted(
                  least, plan.memory().deviceBytes(least) / 1e9, torch.device(), free / 1e9));
    }
    return window;
  }

  private long[][] written() {
    if (spec.sequences() == 0) {
      return new long[0][];
    }
    int length = inputs.samples().sequenceLength();
    long[][] texts = inputs.training().length == 0 ? inputs.samples().tokens() : inputs.training();
    int shortest = Arrays.stream(texts).mapToInt(text -> text.length).min().orElseThrow();
    int[] prompts = spec.prompts(Math.min(length, shortest));
    int longest = spec.balanced() ? prompts[0] : prompts[1];
    SampleRequest request =
        new SampleRequest(spec.sequences(), length, prompts[0], longest, 1, spec.seed());
    return new TextWriter(context, torch, prepared, Map.of(), progress, Phase.SAMPLE)
        .write(request, spec.balanced(), texts, new SampledText("sampled", resumption::file));
  }
}
