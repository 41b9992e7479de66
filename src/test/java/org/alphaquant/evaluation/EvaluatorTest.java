package org.alphaquant.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.calibration.EvaluationText;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.measure.Losses;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.Test;

class EvaluatorTest {

  private static final Path MODEL = Path.of("examples/models/olmoe-demo");
  private static final int ALL = Integer.MAX_VALUE;

  /** The reference is transformers 5.18 in float32 on the same windows. */
  @Test
  void theDemoModelHasTheReferencesPerplexity() {
    List<Integer> layers = new ArrayList<>();
    Losses losses = losses(256, ALL, 4096, 1L << 30, layers);
    assertThat(losses.perplexity().value()).isCloseTo(1.9030251247463061, within(0.001));
    assertThat(losses.windows()).hasSize(151);
    assertThat(losses.tokens()).isEqualTo(151 * 255);
    assertThat(layers).containsExactly(0, 1, 2, 3);
  }

  @Test
  void howManyTokensRunAtOnceDoesNotMatter() {
    double one = perplexity(1024, 8, 1024, 1L << 30);
    double all = perplexity(1024, 8, 1 << 20, 1L << 30);
    assertThat(one).isCloseTo(all, within(1e-4));
  }

  @Test
  void aTextWithoutAWholeWindowIsRefused() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test");
        Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      assertThatThrownBy(
              () -> new Evaluator(scope, model, 256, 1 << 20).losses(new long[0][], layer -> {}))
          .hasMessageContaining("no whole window");
    }
  }

  @Test
  void logitsInSlicesGiveTheSamePerplexity() {
    double whole = perplexity(256, 32, 4096, 1L << 30);
    double slices = perplexity(256, 32, 4096, 100_000);
    assertThat(slices).isCloseTo(whole, within(1e-6));
  }

  @Test
  void aGibibyteHoldsTheLogitsOfAFewHundredTokensOfALargeVocabulary() {
    int rows = Evaluator.rowsAtOnce(151_936, 1L << 30);
    assertThat(2L * Float.BYTES * 151_936 * rows).isBetween(1L << 29, 1L << 30);
    assertThat(Evaluator.rowsAtOnce(151_936, 1)).isOne();
  }

  private static double perplexity(int window, int count, int tokensPerBatch, long logitsBytes) {
    return losses(window, count, tokensPerBatch, logitsBytes, new ArrayList<>())
        .perplexity()
        .value();
  }

  /** Of the first windows of the text. */
  private static Losses losses(
      int window, int count, int tokensPerBatch, long logitsBytes, List<Integer> layers) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test");
        Tokenizer tokenizer = Tokenizer.open(MODEL);
        Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      long[][] windows =
          EvaluationText.read(Path.of("examples/text/eval.txt"), tokenizer).windows(window);
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      long[][] first = Arrays.copyOf(windows, Math.min(count, windows.length));
      return new Evaluator(scope, model, tokensPerBatch, logitsBytes).losses(first, layers::add);
    }
  }
}
