package org.alphaquant.sample;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * How evenly a trained model's experts are used: the coefficient of variation of tokens per expert,
 * mean over sparse layers, of real text, of text that the model draws freely, and of text that it
 * writes under the balance term. As many sequences of each, all beginning like the real ones.
 *
 * <pre>BalanceBench DEVICE MODEL TEXT SEQUENCES LENGTH</pre>
 */
final class BalanceBench {

  private BalanceBench() {}

  public static void main(String[] args) {
    int count = Integer.parseInt(args[3]);
    int length = Integer.parseInt(args[4]);
    try (Torch torch = Torch.open(args[0]);
        TensorScope scope = torch.scope("bench");
        Checkpoint checkpoint = Checkpoint.open(Path.of(args[1]));
        Tokenizer tokenizer = Tokenizer.open(Path.of(args[1]))) {
      long[][] real = real(tokenizer, args[2], count, length);
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      System.out.printf("%d x %d tokens%n", real.length, length);
      tell(scope, model, "given", real);
      for (long seed = 0; seed < 2; seed++) {
        SampleRequest request = new SampleRequest(real.length, length, 8, 1, seed);
        try (Sampler sampler = new Sampler(scope, model)) {
          tell(scope, model, "drawn, seed " + seed, drawn(sampler, request, real));
          for (double weight : new double[] {1, 4, 16, 64}) {
            Balance balance = new Balance(4, 4, weight);
            String name = "balanced by %.0f, seed %d".formatted(weight, seed);
            tell(scope, model, name, balanced(sampler, request, balance, real));
          }
        }
      }
    }
  }

  private static long[][] real(Tokenizer tokenizer, String text, int count, int length) {
    TextSource source = TextSource.of(Path.of(text), "text");
    CalibrationSpec spec =
        new CalibrationSpec(source, count, length, OptionalInt.empty(), 0, false);
    return CalibrationSamples.collect(List.of(spec), tokenizer, Optional.empty()).tokens();
  }

  private static long[][] drawn(Sampler sampler, SampleRequest request, long[][] real) {
    return sampler.write(request, real, 64, (done, of) -> {});
  }

  private static long[][] balanced(
      Sampler sampler, SampleRequest request, Balance balance, long[][] real) {
    long[][] all = new long[request.sequences()][];
    for (int first = 0; first < all.length; first += 16) {
      int some = Math.min(16, all.length - first);
      long[][] batch =
          sampler.writeBalanced(request, balance, Map.of(), real, first, some, (done, of) -> {});
      System.arraycopy(batch, 0, all, first, some);
    }
    return all;
  }

  private static void tell(TensorScope scope, Model model, String name, long[]... texts) {
    System.out.printf("%-24s %.4f%n", name, variation(scope, model, texts));
  }

  /** The coefficient of variation of tokens per expert, mean over sparse layers. */
  static double variation(TensorScope parent, Model model, long[]... texts) {
    return variation(parent, model, null, texts);
  }

  /** From shares that are wanted in every layer; from even ones where null. */
  static double variation(TensorScope parent, Model model, float[] wanted, long[]... texts) {
    double sum = 0;
    int sparse = 0;
    try (TensorScope scope = parent.child("variation")) {
      long[] flat = Arrays.stream(texts).flatMapToLong(Arrays::stream).toArray();
      NDArray x = model.embed(scope, scope.longs(flat, texts.length, texts[0].length));
      for (int i = 0; i < model.description().layers(); i++) {
        DecoderLayer layer = model.layer(scope, i);
        NDArray attended = layer.attention().forward(scope, x);
        if (layer.feedForward() instanceof MoeFeedForward moe) {
          NDArray experts = moe.route(scope, moe.input(scope, attended)).experts();
          NDArray any = scope.floats(new float[1], 1);
          NDArray counts = scope.run("sample.no_counts", any, 1, 1, moe.experts());
          scope.runInPlace("sample.count", counts, experts, 0);
          sum +=
              scope
                  .toFloats(
                      scope.run("sample.variation", counts, wanted(scope, wanted, moe.experts())))[
                  0];
          sparse++;
        }
        x = layer.feedForward().forward(scope, attended);
      }
    }
    return sum / sparse;
  }

  private static NDArray wanted(TensorScope scope, float[] shares, int experts) {
    float[] wanted = new float[experts];
    for (int e = 0; e < experts; e++) {
      wanted[e] = shares == null ? 1 : shares[e] * experts;
    }
    return scope.floats(wanted, 1, experts);
  }
}
