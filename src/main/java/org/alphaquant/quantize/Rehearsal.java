package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Sharing;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.torch.TensorScope;

/**
 * A little of each kind of work that quantizing a layer takes, for threads of their own beside
 * others that read text: libraries load a kernel, scripts are compiled and classes are loaded when
 * they are first used, which takes seconds together. Nothing of it is kept.
 */
public final class Rehearsal {

  private static final int MATRICES = 2;
  private static final int OUTPUTS = 256;
  private static final int WIDEST = 4096;
  private static final int EXPERTS = 8;
  private static final int SIZES = 96;
  private static final int ODD = 37;
  private static final int BELOW = 127;

  private final QuantizationPlan plan;
  private final MemoryPlan memory;

  /**
   * @param plan with any samples
   */
  public Rehearsal(QuantizationPlan plan, MemoryPlan memory) {
    this.plan = plan;
    this.memory = memory;
  }

  /**
   * What a few experts of the first layer compute and what their Hessians sum, each time of another
   * number of tokens, as libraries have another kernel for it.
   *
   * @param between called before each time; throws to end it
   */
  public void experts(TensorScope parent, Model model, Runnable between) {
    try (TensorScope scope = parent.child("experts")) {
      if (!(model.layer(scope, 0).feedForward() instanceof MoeFeedForward block)) {
        return;
      }
      int count = Math.min(EXPERTS, block.experts());
      ExpertWeights weights = block.load(scope, 0, count);
      long hidden = model.description().hidden();
      NDArray like = scope.run("tensor.room", weights.gateUp(), memory.tokensPerBatch(), hidden);
      NDArray h = scope.run("tensor.zeros_like", like);
      for (int i = 0; i < SIZES / EXPERTS; i++) {
        between.run();
        try (TensorScope work = scope.child("sizes")) {
          experts(work, h, weights, spread(work, count, i * EXPERTS));
          work.awaitDevice();
        }
      }
    }
  }

  private void experts(TensorScope scope, NDArray h, ExpertWeights weights, Dispatch dispatch) {
    NDArray largest = scope.run("tensor.largest", h, scope.run("tensor.zeros", h, 1));
    NDArray bounds = scope.longs(dispatch.offsets(), dispatch.offsets().length);
    ExpertInputs inputs = ExpertInputs.of(scope, h, largest, dispatch, bounds, plan.weighting());
    inputs.hessians(scope, new ExpertRange(0, weights.count()));
    ExpertActivations activations = new ExpertActivations(h, dispatch);
    ExpertActivations.Kept read = activations.of(scope, weights);
    new DownHessians(inputs).of(scope, weights, Optional.of(read));
    activations.addOutputs(scope, scope.run("tensor.zeros_like", h), read, weights);
  }

  // Expert e gets about first + e + 1 of all parts of a micro-batch, no round number.
  private Dispatch spread(TensorScope scope, int count, int first) {
    long[] offsets = new long[count + 1];
    for (int e = 0; e < count; e++) {
      int size = first + e;
      long tokens = (long) memory.tokensPerBatch() * (size + 1) / SIZES;
      offsets[e + 1] = offsets[e] + Math.max(1, tokens - size * ODD % BELOW);
    }
    int pairs = Math.toIntExact(offsets[count]);
    long[] rows = new long[pairs];
    for (int e = 0; e < count; e++) {
      for (long i = offsets[e]; i < offsets[e + 1]; i++) {
        rows[(int) i] = i - offsets[e];
      }
    }
    float[] weights = new float[pairs];
    Arrays.fill(weights, 1f / count);
    return new Dispatch(scope.longs(rows, pairs), scope.floats(weights, pairs), offsets);
  }

  /** Solves and packs a few outputs of so many inputs. */
  public void solve(TensorScope parent, TensorScheme scheme, long inputs) {
    if (inputs > WIDEST || scheme.isUnquantized()) {
      return;
    }
    BatchQuantizer batches =
        new BatchQuantizer(
            new GptqSolver(plan.gptq()),
            plan.nearest(),
            plan.schemes(),
            plan.format(),
            plan.dtype(),
            memory,
            plan.keepsSolutions());
    try (TensorScope scope = parent.child("solve");
        LayerResult result = new LayerResult()) {
      NDArray weight = weight(scope, inputs);
      NDArray hessian = scope.run("matrices.product", scope.run("tensor.swap", weight), weight);
      CalibratedInput input =
          new CalibratedInput(
              hessian,
              scope.run("tensor.scaled", hessian, 0.25),
              scope.run("tensor.zeros", weight, MATRICES));
      long half = OUTPUTS / 2;
      List<Part> parts = List.of(new Part(0, half, names(0)), new Part(half, OUTPUTS, names(1)));
      batches.quantize(scope, weight, input, scheme, parts, module -> null, Sharing.ALONE, result);
    }
  }

  private static List<String> names(int part) {
    return LongStream.range(0, MATRICES).mapToObj(b -> "rehearsal." + part + "." + b).toList();
  }

  private static NDArray weight(TensorScope scope, long inputs) {
    float[] values = new float[Math.toIntExact(MATRICES * OUTPUTS * inputs)];
    int state = 1;
    for (int i = 0; i < values.length; i++) {
      state = state * 1664525 + 1013904223;
      values[i] = state * 0x1p-31f;
    }
    return scope.floats(values, MATRICES, OUTPUTS, inputs);
  }
}
