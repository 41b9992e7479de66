package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.alphaquant.architecture.Precision;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.HalfRows;
import org.alphaquant.torch.RowKernels;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;

/**
 * Computes Hessians, what experts make of tokens and heads of attention by kernels on a device and
 * by scripts in float32 on the CPU, and says how far they are apart. {@code main} takes a device,
 * prints a line for each and fails where one is further than float16 explains.
 */
final class HessianComparison {

  static final double ROUNDING = 1e-3;
  private static final int TOKENS = 18_432;
  private static final int LENGTH = 64;
  // One of them takes every token: experts are not multiplied together, and not all of its at once.
  private static final int EXPERTS = 32;
  private static final int ATTENDED = 48 * LENGTH;
  private static final int TOP = 2;

  private HessianComparison() {}

  /** Numbers of the same problem on whatever device a scope is of. */
  private record Problem(int width, int inner, Activation activation, RoutingWeight weighting) {

    Map<String, float[]> on(TensorScope scope) {
      Map<String, float[]> found = new LinkedHashMap<>();
      Random random = new Random(7);
      NDArray h = floats(scope, random, 3, TOKENS, width);
      NDArray gateUp =
          floats(scope, random, 0.05, EXPERTS, (long) activation.linears() * inner, width);
      NDArray down = floats(scope, random, 0.05, EXPERTS, width, inner);
      ExpertWeights weights = new ExpertWeights(0, gateUp, down, new NDList(), activation);
      Dispatch dispatch = Dispatch.of(scope, routing(scope, random), EXPERTS);
      NDArray bounds = scope.longs(dispatch.offsets(), dispatch.offsets().length);
      NDArray largest = scope.run("tensor.largest", h, scope.run("tensor.zeros", h, 1));
      ExpertInputs inputs = ExpertInputs.of(scope, h, largest, dispatch, bounds, weighting);
      HeldOut heldOut = new HeldOut(LENGTH, 3);
      ExpertInputs held = inputs.heldOut(scope, heldOut);
      ExpertRange all = new ExpertRange(0, EXPERTS);
      found.put("squares", scope.toFloats(inputs.squares()));
      found.put("gate and up", scope.toFloats(inputs.hessians(scope, all)));
      found.put("gate and up, held out", scope.toFloats(held.hessians(scope, all)));
      ExpertMoments moments = new ExpertMoments(inputs);
      found.put("fourth moments", scope.toFloats(moments.gateAndUp(scope, all)));
      found.put(
          "sums of weights",
          scope.toFloats(
              HessianKernels.of(scope)
                  .map(
                      kernels ->
                          kernels.weightSums(scope, dispatch.weights(), bounds, weighting.power()))
                  .orElseGet(
                      () ->
                          scope.run(
                              "moments.all_weight_sums",
                              dispatch.weights(),
                              dispatch.offsets(),
                              weighting.power()))));
      ExpertActivations activations = new ExpertActivations(h, dispatch);
      ExpertActivations.Kept kept = activations.of(scope, weights);
      found.put("activations", scope.toFloats(scope.run("tensor.concatenate", kept.read())));
      found.put("largest", scope.toFloats(kept.largest(scope, h)));
      for (boolean keeps : new boolean[] {true, false}) {
        Optional<ExpertActivations.Kept> read = keeps ? Optional.of(kept) : Optional.empty();
        String way = keeps ? " of kept" : " computed again";
        found.put("down" + way, scope.toFloats(new DownHessians(inputs).of(scope, weights, read)));
        found.put(
            "down, held out" + way,
            scope.toFloats(new DownHessians(held).of(scope, weights, read)));
        found.put("fourth of down" + way, scope.toFloats(moments.down(scope, weights, read)));
        NDArray y = scope.run("tensor.zeros_like", h);
        if (keeps) {
          activations.addOutputs(scope, y, kept, weights);
        } else {
          activations.addOutputs(scope, y, weights);
        }
        found.put("outputs" + way, scope.toFloats(y));
      }
      sums(scope, found, h, dispatch.weights(), heldOut);
      wide(scope, found, random);
      heads(scope, found, random);
      return found;
    }

    // What linears that all tokens pass read.
    private void sums(
        TensorScope scope,
        Map<String, float[]> found,
        NDArray h,
        NDArray weights,
        HeldOut heldOut) {
      NDArray own = scope.run("tensor.slice", weights, 0, TOKENS);
      NDArray hessian = scope.run("tensor.zeros_square", h, width);
      NDArray part = scope.run("tensor.zeros_square", h, width);
      Optional<GramSums> sums = GramSums.of(scope);
      if (sums.isPresent()) {
        sums.get().add(hessian, h, own, part, heldOut.runs(128, TOKENS));
      } else {
        LayerQuantizer.addByScript(scope, hessian, h, own);
        heldOut.accumulate(scope, part, h, own, 128);
      }
      found.put("all tokens", scope.toFloats(hessian));
      NDArray halves = scope.run("tensor.to_dtype", h, TorchDtype.FLOAT16.number());
      NDArray ofHalves = scope.run("tensor.zeros_square", h, width);
      LayerQuantizer.accumulate(scope, ofHalves, halves, own);
      found.put("all tokens in float16", scope.toFloats(ofHalves));
      found.put("all tokens, held out", scope.toFloats(part));
    }

    // So wide that the blocks above the diagonal are copied.
    private static void wide(TensorScope scope, Map<String, float[]> found, Random random) {
      NDArray x = floats(scope, random, 1, 1000, 2080);
      NDArray hessian = scope.run("tensor.zeros_square", x, 2080);
      LayerQuantizer.accumulate(scope, hessian, x, scope.run("tensor.ones_per_row", x));
      found.put("wide", scope.toFloats(hessian));
    }

    private void heads(TensorScope scope, Map<String, float[]> found, Random random) {
      NDArray x = floats(scope, random, 2, ATTENDED, width);
      NDArray matrix = floats(scope, random, 0.1, 512, width);
      NDArray norm = floats(scope, random, 1, 512);
      NDArray frequencies = scope.run("rope.default_frequencies", 48, 10_000.0);
      NDArray table = scope.run("rope.table", frequencies, LENGTH, 1.0, x);
      NDArray y =
          HalfRows.of(scope, x)
              .map(rows -> rows.times(scope, matrix))
              .orElseGet(() -> scope.run("linear.apply", x, matrix));
      found.put("linear", scope.toFloats(y));
      NDArray halves = scope.run("tensor.to_dtype", x, TorchDtype.FLOAT16.number());
      found.put(
          "linear of float16",
          scope.toFloats(
              HalfRows.of(scope, halves)
                  .map(rows -> rows.times(scope, matrix))
                  .orElseGet(() -> scope.run("linear.apply", x, matrix))));
      NDArray same = floats(scope, random, 5, ATTENDED, 512);
      for (boolean interleaved : new boolean[] {false, true}) {
        for (boolean normed : new boolean[] {false, true}) {
          NDArray most = scope.run("tensor.zeros", x, 1);
          NDArray turned =
              RowKernels.of(scope)
                  .map(
                      kernels ->
                          kernels.heads(
                              scope, same, normed ? norm : null, 1e-5, table, 8, interleaved, most))
                  .orElseGet(
                      () ->
                          scope.run(
                              "attention.rotated_heads",
                              normed ? scope.run("norm.rms_norm", same, norm, 1e-5) : same,
                              table,
                              ATTENDED / LENGTH,
                              8,
                              interleaved));
          String name = "heads" + (normed ? ", normalised" : "") + (interleaved ? ", pairs" : "");
          found.put(name, scope.toFloats(turned));
          found.put(
              name + ", largest",
              scope.toFloats(
                  RowKernels.of(scope).isPresent()
                      ? most
                      : scope.run("tensor.largest", turned, most)));
        }
      }
    }

    private Routing routing(TensorScope scope, Random random) {
      long[] experts = new long[TOKENS * TOP];
      float[] scores = new float[TOKENS * TOP];
      for (int t = 0; t < TOKENS; t++) {
        int one = 0;
        experts[TOP * t] = one;
        experts[TOP * t + 1] = (one + 1 + random.nextInt(EXPERTS - 2)) % (EXPERTS - 1);
        scores[TOP * t] = random.nextFloat();
        scores[TOP * t + 1] = random.nextFloat();
      }
      return new Routing(scope.longs(experts, TOKENS, TOP), scope.floats(scores, TOKENS, TOP));
    }

    private static NDArray floats(TensorScope scope, Random random, double scale, long... shape) {
      int count = 1;
      for (long size : shape) {
        count *= Math.toIntExact(size);
      }
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) (random.nextGaussian() * scale);
      }
      return scope.floats(values, shape);
    }
  }

  // Root of the mean square of the differences over that of the numbers.
  private static double apart(float[] one, float[] other) {
    double differences = 0;
    double numbers = 0;
    for (int i = 0; i < one.length; i++) {
      differences += Math.pow(one[i] - (double) other[i], 2);
      numbers += Math.pow(one[i], 2);
    }
    return one.length == other.length ? Math.sqrt(differences / numbers) : Double.NaN;
  }

  private static List<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    problems.add(new Problem(256, 512, Activation.SWIGLU, RoutingWeight.SCORE));
    problems.add(new Problem(200, 136, Activation.SWIGLU, RoutingWeight.SCORE_SQUARED));
    problems.add(new Problem(256, 128, Activation.GEGLU_TANH, RoutingWeight.NONE));
    problems.add(new Problem(128, 256, Activation.RELU_SQUARED, RoutingWeight.SCORE));
    return problems;
  }

  /** How far apart each number of each problem is, by its name. */
  static Map<String, Double> apart(Torch device, Torch cpu) {
    Map<String, Double> apart = new LinkedHashMap<>();
    for (Problem problem : problems()) {
      try (TensorScope own = device.scope("comparison").computing(Precision.TF32);
          TensorScope reference = cpu.scope("comparison")) {
        Map<String, float[]> expected = problem.on(reference);
        problem
            .on(own)
            .forEach(
                (name, found) -> apart.put(problem + " " + name, apart(expected.get(name), found)));
      }
    }
    return apart;
  }

  public static void main(String[] arguments) {
    try (Torch device = Torch.open(arguments[0]);
        Torch cpu = Torch.open("cpu")) {
      Map<String, Double> apart = apart(device, cpu);
      apart.forEach(
          (name, far) ->
              System.out.printf("%s %s: %.2e%n", far < ROUNDING ? "ok  " : "FAIL", name, far));
      System.exit(apart.values().stream().allMatch(far -> far < ROUNDING) ? 0 : 1);
    }
  }
}
