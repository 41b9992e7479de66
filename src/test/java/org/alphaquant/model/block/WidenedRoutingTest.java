package org.alphaquant.model.block;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WidenedRoutingTest {

  private static final int TOKENS = 12;

  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  static List<Path> fixtures() throws IOException {
    try (Stream<Path> micro = Files.list(Path.of("src/test/resources/micro"));
        Stream<Path> families = Files.list(Path.of("src/test/resources/families"))) {
      return Stream.concat(micro, families)
          .filter(WidenedRoutingTest::hasExperts)
          .sorted()
          .toList();
    }
  }

  private static boolean hasExperts(Path folder) {
    if (!Files.exists(folder.resolve("config.json"))) {
      return false;
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return ModelFamilies.describe(checkpoint, null).routing().isPresent();
    }
  }

  /** Every token reaches the experts that it is sent to, then more, then all; each once. */
  @ParameterizedTest
  @MethodSource("fixtures")
  void theBestExpertsGoOnWithTheNext(Path fixture) {
    try (TensorScope scope = torch.scope("test");
        Checkpoint checkpoint = Checkpoint.open(fixture)) {
      MoeFeedForward block = block(checkpoint, scope);
      NDArray h = rows(scope, block);
      List<Set<Long>> natural = experts(scope, block.route(scope, h), block.topK());
      for (int count : new int[] {block.topK(), block.topK() + 1, block.experts()}) {
        int n = Math.min(count, block.experts());
        Routing wide = block.router().widened(scope, h, n);
        List<Set<Long>> wider = experts(scope, wide, n);
        for (int t = 0; t < TOKENS; t++) {
          assertThat(wider.get(t)).hasSize(n);
          if (count == block.topK() || count == block.experts()) {
            assertThat(wider.get(t)).containsAll(natural.get(t));
          }
        }
        assertThat(scope.toFloats(wide.weights())).doesNotContain(Float.NaN);
      }
    }
  }

  private static NDArray rows(TensorScope scope, MoeFeedForward block) {
    long width = block.router().linear().weight().getShape().get(1);
    Random random = new Random(3);
    float[] values = new float[(int) (TOKENS * width)];
    IntStream.range(0, values.length).forEach(i -> values[i] = (float) random.nextGaussian());
    return scope.floats(values, TOKENS, width);
  }

  private static List<Set<Long>> experts(TensorScope scope, Routing routing, int count) {
    long[] all = scope.toLongs(routing.experts());
    return IntStream.range(0, TOKENS)
        .mapToObj(
            t -> Arrays.stream(all, t * count, (t + 1) * count).boxed().collect(Collectors.toSet()))
        .toList();
  }

  private static MoeFeedForward block(Checkpoint checkpoint, TensorScope scope) {
    Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
    return IntStream.range(0, model.description().layers())
        .mapToObj(i -> model.layer(scope, i).feedForward())
        .filter(MoeFeedForward.class::isInstance)
        .map(MoeFeedForward.class::cast)
        .findFirst()
        .orElseThrow();
  }
}
