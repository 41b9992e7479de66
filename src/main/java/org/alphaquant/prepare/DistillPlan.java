package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.estimate.DistillMemory;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.Problem;

/** The cost of training a job's result, and the reasons against training. */
public record DistillPlan(PreparedJob job, JobSpec spec) {

  private static final Set<String> ATTENTION = Set.of("grouped-query", "latent");

  // Student and backward pass in every epoch; the original's outputs and its own text once each.
  private static final int PASSES_EACH_EPOCH = 4;
  private static final int PASSES_ONCE = 2;

  /** The training of a job that requests it. */
  public static Optional<DistillPlan> of(PreparedJob job) {
    return Optional.ofNullable(job.spec().distill()).map(asked -> new DistillPlan(job, job.spec()));
  }

  /** Memory while it trains. */
  public DistillMemory memory() {
    long tokens = (long) spec.distill().batch() * spec.calibration().sequenceLength();
    long trained =
        job.plan().content().quantized().stream()
            .mapToLong(module -> module.module().elements())
            .sum();
    return new DistillMemory(
        shape(tokens).largest(), job.description().parameters(), trained, tokens);
  }

  /** Layers in training at a time; 0 where the given memory has room for none. */
  public int window() {
    long given = spec.resources().memoryBytes();
    int fitting = given > 0 ? memory().largestWindow(given) : job.description().layers();
    Integer asked = spec.distill().window();
    return asked == null ? fitting : Math.min(asked, job.description().layers());
  }

  /** Bytes on the device while it trains. */
  long deviceBytes() {
    return memory().deviceBytes(Math.max(1, window()));
  }

  /** That it is done in windows, if it is. */
  List<Problem> notes() {
    int window = window();
    int layers = job.description().layers();
    if (window == 0 || window == layers) {
      return List.of();
    }
    long sequences = (long) spec.distill().samples() + spec.distill().sequences();
    long beside = memory().streamBytes(sequences, spec.calibration().sequenceLength());
    return List.of(
        Problem.note(
            "trained-in-windows",
            "/distill/window",
            window,
            "%d of %d layers are trained at a time, on %.1f GB; all at once they take %.1f GB. Streams between windows take %.1f GB beside the job's files"
                .formatted(
                    window,
                    layers,
                    deviceBytes() / 1e9,
                    memory().deviceBytes() / 1e9,
                    beside / 1e9)));
  }

  /** Floating-point operations of the writing and the training. */
  public double operations() {
    long sequences = (long) spec.distill().samples() + spec.distill().sequences();
    double tokens = (double) sequences * spec.calibration().sequenceLength();
    RunShape mean = shape(1).mean();
    double layer =
        mean.attentionWeights()
            + mean.denseWeights()
            + (double) mean.expertsPerToken() * mean.expertWeights();
    double weights = mean.layers() * layer + (double) mean.vocabulary() * mean.hidden();
    return 2 * tokens * weights * (PASSES_ONCE + PASSES_EACH_EPOCH * spec.distill().epochs());
  }

  /** Why it cannot be done: a sentence each. */
  List<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    job.description().layerList().stream()
        .filter(layer -> !ATTENTION.contains(layer.attention()))
        .findFirst()
        .ifPresent(layer -> problems.add(mixer(layer)));
    if (spec.distill().balanced() && job.description().routing().isEmpty()) {
      problems.add(
          refused("balanced asks for text that uses the experts evenly; the model has none"));
    }
    long given = spec.resources().memoryBytes();
    long needed = deviceBytes();
    if (given > 0 && needed > given) {
      problems.add(tooLarge(needed, given));
    }
    return problems;
  }

  private ModelShape shape(long tokens) {
    return new ModelShape(job.description(), tokens);
  }

  private static Problem mixer(LayerDescription layer) {
    return refused(
        "layer %d mixes its tokens by %s; only models of attention layers are trained"
            .formatted(layer.index(), layer.attention()));
  }

  private Problem tooLarge(long needed, long given) {
    return refused(
        "training %d of %d layers at a time takes %.2f GB on a device and resources.memory_bytes gives %.2f GB; their latent weights and the optimiser must fit at once"
            .formatted(
                Math.max(1, window()), job.description().layers(), needed / 1e9, given / 1e9));
  }

  private static Problem refused(String detail) {
    return Problem.error("not-trainable", "/distill", null, detail);
  }
}
