package org.alphaquant.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SamplerTest {

  private static final Path MICRO = Path.of("src/test/resources/micro");
  private static final Path VARIANTS = Path.of("src/test/resources/variants");
  private static final Path FAMILIES = Path.of("src/test/resources/families");
  private static final SampleRequest REQUEST = new SampleRequest(5, 24, 8, 1, 3);

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
    Stream<Path> others =
        Stream.of(
            VARIANTS.resolve("gpt_oss"),
            FAMILIES.resolve("gemma3_text"),
            FAMILIES.resolve("cohere2"),
            FAMILIES.resolve("deepseek_v32"),
            FAMILIES.resolve("qwen3_next"));
    try (Stream<Path> folders = Files.list(MICRO)) {
      return Stream.concat(folders.sorted(), others).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void logitsFromTheCacheAreThoseOfAWholeForwardPass(Path fixture) {
    try (Checkpoint checkpoint = Checkpoint.open(fixture);
        TensorScope scope = torch.scope("test")) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      List<DecoderLayer> layers =
          IntStream.range(0, model.description().layers())
              .mapToObj(i -> model.layer(scope, i))
              .toList();
      long[] ids = new Random(4).longs(2 * 20, 0, 200).toArray();
      NDArray x = model.embed(scope, scope.longs(ids, 2, 20));
      for (DecoderLayer layer : layers) {
        x = layer.forward(scope, x);
      }
      float[] whole = scope.toFloats(model.logits(scope, scope.run("sample.last", x)));
      try (Continuation cached =
          new Continuation(scope, model, layers, 20, Continuation.StreamObserver.NONE)) {
        float[] last = new float[0];
        for (int[] part : new int[][] {{0, 7}, {7, 8}, {8, 19}, {19, 20}}) {
          last = scope.toFloats(cached.next(scope, columns(scope, ids, part[0], part[1])));
        }
        assertThat(last).containsExactly(whole, within(2e-4f));
      }
    }
  }

  @Test
  void oneSeedWritesTheSameTextInBatchesOfAnySize() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"));
        TensorScope scope = torch.scope("test");
        Sampler sampler = new Sampler(scope, open(checkpoint, scope))) {
      List<Long> progress = new ArrayList<>();
      long[][] texts = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {11, 12, 13, 14, 15, 16, 17, 18}};
      long[][] written =
          sampler.write(REQUEST, texts, 2, (done, of) -> progress.add(100 * done / of));
      assertThat(sampler.isCached(24)).isTrue();
      assertThat(sampler.write(REQUEST, texts, 2, (done, of) -> {})).isDeepEqualTo(written);
      assertThat(sampler.write(REQUEST, texts, 5, (done, of) -> {})).isDeepEqualTo(written);
      assertThat(written).hasDimensions(5, 24);
      assertThat(Arrays.stream(written).map(row -> row[0])).containsOnly(1L, 11L);
      assertThat(Arrays.stream(written).map(Arrays::toString).distinct()).hasSize(5);
      assertThat(progress).isSorted().last().isEqualTo(99L);
      SampleRequest other = new SampleRequest(5, 24, 8, 1, 4);
      assertThat(sampler.write(other, texts, 5, (done, of) -> {})[0]).isNotEqualTo(written[0]);
    }
  }

  @Test
  void realTextOfADrawnLengthBeginsEachSequenceAsItStands() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"));
        TensorScope scope = torch.scope("test");
        Sampler sampler = new Sampler(scope, open(checkpoint, scope))) {
      long[] text = LongStream.range(100, 124).toArray();
      SampleRequest request = new SampleRequest(12, 24, 2, 20, 1, 3);
      long[][] written = sampler.write(request, new long[][] {text}, 5, (done, of) -> {});
      assertThat(sampler.write(request, new long[][] {text}, 12, (done, of) -> {}))
          .isDeepEqualTo(written);
      assertThat(Arrays.stream(written).map(SamplerTest::real))
          .allSatisfy(length -> assertThat(length).isBetween(2, 24))
          .anySatisfy(length -> assertThat(length).isLessThan(10))
          .anySatisfy(length -> assertThat(length).isGreaterThan(12));
    }
  }

  // Tokens from the first on that follow each other as those of the text do.
  private static int real(long... sequence) {
    int length = 1;
    while (length < sequence.length && sequence[length] == sequence[length - 1] + 1) {
      length++;
    }
    return length;
  }

  @Test
  void tokensAreDrawnAsOftenAsTheirProbabilitySays() {
    try (TensorScope scope = torch.scope("test")) {
      float[] logits = {(float) Math.log(0.5), (float) Math.log(0.25), -40, (float) Math.log(0.25)};
      float[] counts = new float[4];
      for (int i = 0; i < 400; i++) {
        NDArray drawn =
            scope.run(
                "sample.draw",
                scope.floats(logits, 1, 1, 4),
                scope.floats(new float[] {i / 400f}, 1),
                1.0);
        counts[(int) scope.toLongs(drawn)[0]]++;
      }
      assertThat(counts).containsExactly(new float[] {200, 100, 0, 100}, within(1f));
    }
  }

  @Test
  void balancedTextUsesTheExpertsMoreEvenlyThanTextThatIsDrawnFreely() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"));
        TensorScope scope = torch.scope("test")) {
      Model model = open(checkpoint, scope);
      long[][] texts = {{1, 2, 3, 4}, {11, 12, 13, 14}};
      SampleRequest request = new SampleRequest(8, 40, 4, 1, 3);
      try (Sampler sampler = new Sampler(scope, model)) {
        long[][] free = sampler.write(request, texts, 0, 8, (done, of) -> {});
        long[][] even =
            sampler.writeBalanced(request, Balance.USUAL, Map.of(), texts, 0, 8, (done, of) -> {});
        assertThat(even).hasDimensions(8, 40);
        assertThat(Arrays.stream(even).map(row -> row[0])).containsOnly(1L, 11L);
        assertThat(
                sampler.writeBalanced(
                    request, Balance.USUAL, Map.of(), texts, 0, 8, (done, of) -> {}))
            .isDeepEqualTo(even);
        assertThat(BalanceBench.variation(scope, model, even))
            .isLessThan(0.9 * BalanceBench.variation(scope, model, free));
      }
    }
  }

  @Test
  void balancedTextUsesTheExpertsAsTrafficDoesWhereThereIsTraffic() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"));
        TensorScope scope = torch.scope("test")) {
      Model model = open(checkpoint, scope);
      int experts = model.description().routing().orElseThrow().experts();
      double[] shares = new double[experts];
      float[] wanted = new float[experts];
      for (int e = 0; e < experts; e++) {
        shares[e] = (e < experts / 2 ? 1.6 : 0.4) / experts;
        wanted[e] = (float) shares[e];
      }
      Map<Integer, double[]> traffic = new HashMap<>();
      for (int i = 0; i < model.description().layers(); i++) {
        traffic.put(i, shares);
      }
      long[][] texts = {{1, 2, 3, 4}, {11, 12, 13, 14}};
      SampleRequest request = new SampleRequest(8, 40, 4, 1, 3);
      try (Sampler sampler = new Sampler(scope, model)) {
        long[][] even =
            sampler.writeBalanced(request, Balance.USUAL, Map.of(), texts, 0, 8, (done, of) -> {});
        long[][] steered =
            sampler.writeBalanced(request, Balance.USUAL, traffic, texts, 0, 8, (done, of) -> {});
        assertThat(BalanceBench.variation(scope, model, wanted, steered))
            .isLessThan(0.9 * BalanceBench.variation(scope, model, wanted, even));
      }
    }
  }

  @Test
  void anObserverCanEndTheWriting() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"));
        TensorScope scope = torch.scope("test");
        Sampler sampler = new Sampler(scope, open(checkpoint, scope))) {
      assertThatThrownBy(
              () ->
                  sampler.write(
                      REQUEST,
                      new long[][] {{1, 2, 3, 4, 5, 6, 7, 8}},
                      5,
                      (done, of) -> {
                        throw new IllegalStateException("cancelled");
                      }))
          .hasMessage("cancelled");
    }
  }

  private static Model open(Checkpoint checkpoint, TensorScope scope) {
    return ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
  }

  private static NDArray columns(TensorScope scope, long[] ids, int from, int to) {
    long[] own = new long[2 * (to - from)];
    for (int row = 0; row < 2; row++) {
      System.arraycopy(ids, row * 20 + from, own, row * (to - from), to - from);
    }
    return scope.longs(own, 2, to - from);
  }
}
