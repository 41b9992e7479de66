package org.alphaquant.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntConsumer;
import org.alphaquant.calibration.EvaluationText;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.Losses;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DivergenceTest {

  private static final Path MODEL = Path.of("examples/models/olmoe-demo");

  @TempDir private Path folder;

  @Test
  void aModelDoesNotDivergeFromItself() {
    Divergence divergence = compare(WeightOverlay.NONE, WeightOverlay.NONE).divergence();
    assertThat(divergence.mean().value()).isCloseTo(0, within(1e-9));
    assertThat(divergence.p99().value()).isCloseTo(0, within(1e-9));
    assertThat(divergence.changedExperts().value()).isCloseTo(0, within(1e-9));
    assertThat(divergence.topOneAgreement().value()).isCloseTo(1, within(1e-9));
    assertThat(divergence.routers())
        .hasSize(4)
        .allSatisfy(router -> assertThat(router.changed().value()).isZero());
    assertThat(divergence.windows()).isEqualTo(4);
    assertThat(divergence.tokens()).isEqualTo(4 * 63);
  }

  @Test
  void changedRoutersAloneDivergeByRoutingAlone() {
    Divergence divergence = compare(WeightOverlay.NONE, noisy("mlp.gate.weight")).divergence();
    assertThat(divergence.mean().value()).isPositive();
    assertThat(divergence.changedExperts().value()).isCloseTo(0, within(1e-9));
    assertThat(divergence.changedRouting().value())
        .isCloseTo(divergence.mean().value(), within(1e-9));
    assertThat(divergence.routers())
        .anySatisfy(router -> assertThat(router.changed().value()).isBetween(0.01, 1.0));
  }

  @Test
  void changedExpertsDivergeOnTheOriginalRoutingToo() {
    Divergence divergence = compare(WeightOverlay.NONE, noisy("down_proj.weight")).divergence();
    assertThat(divergence.changedExperts().value())
        .isPositive()
        .isCloseTo(divergence.mean().value() - divergence.changedRouting().value(), within(1e-9));
    assertThat(divergence.topOneAgreement().value()).isBetween(0.3, 0.9999);
    assertThat(divergence.p99().value()).isGreaterThan(divergence.mean().value());
  }

  @Test
  void theLossesBesideAreThoseOfTheModelAlone() {
    Evaluator.Compared compared = compare(WeightOverlay.NONE, noisy("down_proj.weight"));
    Losses alone = run(noisy("down_proj.weight"), Evaluator::losses);
    for (int i = 0; i < alone.windows().size(); i++) {
      assertThat(compared.losses().windows().get(i))
          .isCloseTo(alone.windows().get(i), within(1e-6));
    }
  }

  @Test
  void theMostProbableTokensGiveALowerBound() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray p = logProbability(scope, 1);
      NDArray q = logProbability(scope, 2);
      double whole = divergence(scope, p, scope.longs(new long[0], 0), q);
      NDList most = scope.runAll("evaluation.most_probable", p, 20);
      double bound = divergence(scope, most.get(0), most.get(1), q);
      NDList all = scope.runAll("evaluation.most_probable", p, 99);
      assertThat(bound).isPositive().isLessThan(whole);
      assertThat(divergence(scope, all.get(0), all.get(1), q)).isCloseTo(whole, within(1e-4));
      assertThat(whole).isCloseTo(inDoubles(scope.toFloats(p), scope.toFloats(q)), within(1e-5));
    }
  }

  @Test
  void theWindowsThatAreComparedAreSpreadOverTheText() {
    long[][] windows = new long[10][];
    for (int i = 0; i < 10; i++) {
      windows[i] = new long[] {i};
    }
    assertThat(Evaluator.spreadFirst(windows, 3))
        .isDeepEqualTo(new long[][] {{0}, {3}, {6}, {1}, {2}, {4}, {5}, {7}, {8}, {9}});
    assertThat(Evaluator.spreadFirst(windows, 20)).isDeepEqualTo(windows);
  }

  private static double divergence(TensorScope scope, NDArray p, NDArray tokens, NDArray q) {
    return scope.toFloats(scope.runAll("evaluation.divergence", p, tokens, q).get(0))[0];
  }

  private static NDArray logProbability(TensorScope scope, long seed) {
    Random random = new Random(seed);
    float[] logits = new float[100];
    for (int i = 0; i < 100; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    return scope.run("evaluation.log_probability", scope.floats(logits, 1, 1, 100));
  }

  private static double inDoubles(float[] p, float[] q) {
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      sum += Math.exp(p[i]) * ((double) p[i] - q[i]);
    }
    return sum;
  }

  private interface Run<T> {
    T of(Evaluator evaluator, long[][] windows, IntConsumer layerDone);
  }

  private Evaluator.Compared compare(WeightOverlay original, WeightOverlay changed) {
    OriginalOutputs outputs = new OriginalOutputs(folder, 4 * 64, 1024);
    run(original, (evaluator, windows, done) -> evaluator.keep(windows, outputs, done));
    return run(changed, (evaluator, windows, done) -> evaluator.compare(windows, outputs, done));
  }

  private static <T> T run(WeightOverlay overlay, Run<T> run) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test");
        Tokenizer tokenizer = Tokenizer.open(MODEL);
        Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      long[][] all = EvaluationText.read(Path.of("examples/text/eval.txt"), tokenizer).windows(64);
      List<long[]> some = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        some.add(all[i * all.length / 8]);
      }
      Model model =
          ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope, overlay);
      return run.of(
          new Evaluator(scope, model, 128, 200_000), some.toArray(long[][]::new), layer -> {});
    }
  }

  // Each weight of these tensors with noise of a tenth of its size.
  private static WeightOverlay noisy(String ending) {
    return (scope, tensor) ->
        tensor.endsWith(ending) ? Optional.of(noise(scope, tensor)) : Optional.empty();
  }

  private static NDArray noise(TensorScope scope, String tensor) {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      long[] shape = checkpoint.info(tensor).shape().stream().mapToLong(Long::longValue).toArray();
      TorchDtype dtype = TorchTypes.of(checkpoint.info(tensor).dtype());
      float[] values = scope.toFloats(scope.tensor(dtype, shape, checkpoint.bytes(tensor)));
      Random random = new Random(tensor.hashCode());
      for (int i = 0; i < values.length; i++) {
        values[i] *= (float) (1 + 0.1 * random.nextGaussian());
      }
      return scope.floats(values, shape);
    }
  }
}
