package org.alphaquant.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.ColumnOrder;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an expert gets does not depend on which experts share its chunk. */
class ExpertQuantizerTest {

  private static final int TOKENS = 96;
  private static final int UNSEEN = 3;
  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  private record Outcome(
      Map<String, byte[]> tensors, Map<String, LinearReport> reports, float[] y) {

    static Outcome of(LayerResult result, float[] y) {
      Map<String, byte[]> tensors = new TreeMap<>();
      result.tensors().forEach(tensor -> tensors.put(tensor.info().name(), bytes(tensor)));
      Map<String, LinearReport> reports = new TreeMap<>();
      result.reports().forEach(report -> reports.put(report.module(), report));
      return new Outcome(tensors, reports, y);
    }

    private static byte[] bytes(TensorSource tensor) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try {
        tensor.writeTo(Channels.newChannel(bytes));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return bytes.toByteArray();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "micro/olmoe, INT4, 16, compressed-tensors",
    "micro/olmoe, NVFP4, 16, compressed-tensors",
    "micro/olmoe, INT3, 32, dequantized",
    "variants/gpt_oss, MXFP4, 32, compressed-tensors"
  })
  void theChunkDoesNotDecideWhatAnExpertGets(
      String model, NumberFormat format, int group, String output) {
    Outcome together = quantize(model, format, group, output, 128, Integer.MAX_VALUE);
    for (int atOnce : new int[] {1, 3}) {
      Outcome apart = quantize(model, format, group, output, 128, atOnce);
      assertThat(apart.tensors().keySet()).isEqualTo(together.tensors().keySet());
      assertThat(equalBytes(apart, together)).isGreaterThanOrEqualTo(0.999);
      together
          .reports()
          .forEach(
              (module, report) ->
                  assertThat(apart.reports().get(module).fallback())
                      .as(module)
                      .isEqualTo(report.fallback()));
      Outcome again = quantize(model, format, group, output, 128, atOnce);
      again
          .tensors()
          .forEach(
              (name, bytes) -> assertThat(bytes).as(name).isEqualTo(apart.tensors().get(name)));
      assertThat(again.y()).isEqualTo(apart.y());
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "3", "1000"})
  void anExpertWithoutTokensLeansOnTheLayerAndSaysSo(int atOnce) {
    Outcome outcome =
        quantize("micro/olmoe", NumberFormat.INT4, 16, "compressed-tensors", 128, atOnce);
    for (LinearReport report : outcome.reports().values()) {
      boolean unseen = report.module().contains("experts." + UNSEEN + ".");
      assertThat(report.fallback()).as(report.module()).isEqualTo(unseen ? "layer-hessian" : null);
      assertThat(report.damp()).isPositive();
    }
  }

  @Test
  void anExpertWithNothingToLeanOnIsRoundedAndSaysSo() {
    Outcome outcome = quantize("micro/olmoe", NumberFormat.INT4, 16, "compressed-tensors", 0, 1);
    for (LinearReport report : outcome.reports().values()) {
      boolean unseen = report.module().contains("experts." + UNSEEN + ".");
      assertThat(report.fallback()).as(report.module()).isEqualTo(unseen ? "rounding" : null);
      assertThat(report.damp() == null).isEqualTo(unseen);
    }
  }

  @Test
  void theDampingOfAMatrixIsChosenByItsOwnTokens() {
    GptqOptions choosing =
        new GptqOptions(List.of(0.01, 0.1, 1.0), 32, ColumnOrder.NATURAL, 0, 1, false, false);
    Outcome together =
        quantize("micro/olmoe", NumberFormat.INT4, 16, "compressed-tensors", 0.5, 1000, choosing);
    Outcome apart =
        quantize("micro/olmoe", NumberFormat.INT4, 16, "compressed-tensors", 0.5, 3, choosing);
    together
        .reports()
        .forEach(
            (module, report) ->
                assertThat(apart.reports().get(module).damp()).isEqualTo(report.damp()));
    assertThat(together.reports().values()).extracting(LinearReport::damp).contains(0.01f + 0.0);
    assertThat(together.reports().values()).extracting(LinearReport::damp).contains(1.0);
  }

  private static double equalBytes(Outcome one, Outcome other) {
    long equal = 0;
    long all = 0;
    for (Map.Entry<String, byte[]> tensor : one.tensors().entrySet()) {
      byte[] counterpart = other.tensors().get(tensor.getKey());
      all += counterpart.length;
      for (int i = 0; i < counterpart.length; i++) {
        equal += tensor.getValue()[i] == counterpart[i] ? 1 : 0;
      }
    }
    return (double) equal / all;
  }

  private static Outcome quantize(
      String folder,
      NumberFormat format,
      int group,
      String output,
      double shrinkage,
      int expertsAtOnce) {
    GptqOptions options = new GptqOptions(0.01, 32, true, 1, 8);
    return quantize(folder, format, group, output, shrinkage, expertsAtOnce, options);
  }

  private static Outcome quantize(
      String folder,
      NumberFormat format,
      int group,
      String output,
      double shrinkage,
      int expertsAtOnce,
      GptqOptions options) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources").resolve(folder));
        TensorScope scope = torch.scope("test")) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      MoeFeedForward block = (MoeFeedForward) model.layer(scope, 0).feedForward();
      NumberFormat inputs = format == NumberFormat.NVFP4 ? format : NumberFormat.BF16;
      Map<String, TensorScheme> schemes = new HashMap<>();
      for (int e = 0; e < block.experts(); e++) {
        block
            .names(e)
            .forEach(name -> schemes.put(name, new TensorScheme(format, group, true, inputs)));
      }
      BatchQuantizer batches =
          new BatchQuantizer(
              new GptqSolver(options),
              false,
              schemes,
              StorageFormats.named(output).orElseThrow(),
              Dtype.BF16,
              new MemoryPlan(new RunShape(1, 64, 64, 0, 0, 0, 64, 64, TOKENS, 64), 0, 0),
              false);
      NDArray h =
          model.embed(scope, scope.longs(new Random(1).longs(TOKENS, 0, 250).toArray(), 1, TOKENS));
      NDArray rows = block.input(scope, h);
      NDArray y = scope.run("tensor.zeros_like", rows);
      LayerResult result = new LayerResult();
      Routing routed = routing(scope, block);
      new ExpertQuantizer(
              batches,
              RoutingWeight.SCORE,
              new Shrinkage(shrinkage),
              expertsAtOnce,
              options.tries() ? Optional.of(new HeldOut(6, 0)) : Optional.empty(),
              DeviceGroup.alone())
          .take(scope, block, rows, routed, routed, y, result);
      return Outcome.of(result, scope.toFloats(y));
    }
  }

  // Every expert but one gets tokens, in unequal numbers.
  private static Routing routing(TensorScope scope, MoeFeedForward block) {
    Random random = new Random(5);
    long[] experts = new long[TOKENS * 2];
    float[] weights = new float[TOKENS * 2];
    for (int t = 0; t < TOKENS; t++) {
      int first = seen(block.experts(), random);
      int second = seen(block.experts(), random);
      experts[2 * t] = first;
      experts[2 * t + 1] = second == first ? (first == 0 ? 1 : 0) : second;
      weights[2 * t] = random.nextFloat();
      weights[2 * t + 1] = random.nextFloat();
    }
    return new Routing(scope.longs(experts, TOKENS, 2), scope.floats(weights, TOKENS, 2));
  }

  private static int seen(int count, Random random) {
    int expert = random.nextInt(count);
    return expert == UNSEEN ? 0 : expert;
  }

  @ParameterizedTest
  @CsvSource({"8, 0, 0, 64", "8, 3, 16, 64", "5, 1, 7, 101", "100, 0, 30, 20", "4, 31, 0, 3"})
  void rowsHeldOutAreThoseThatTheScriptFinds(long length, long first, long start, int count) {
    List<Long> rows =
        new HeldOut(length, first)
            .runs(start, count).stream()
                .flatMap(run -> LongStream.range(run.from(), run.to()).boxed())
                .toList();
    try (TensorScope scope = torch.scope("test")) {
      long[] tokens = LongStream.range(start, start + count).toArray();
      NDArray places =
          scope.run("held_out.of_tokens", scope.longs(tokens, count), length, first, 8);
      assertThat(rows)
          .containsExactly(LongStream.of(scope.toLongs(places)).boxed().toArray(Long[]::new));
    }
  }

  /** Without JUnit the same is {@link HessianComparison#main}. */
  @Tag("gpu")
  @Nested
  class OnAGpu {

    @BeforeAll
    static void isThere() {
      assumeTrue(Engine.getEngine("PyTorch").getGpuCount() > 0, "there is no GPU");
    }

    @Test
    void kernelsFindWhatScriptsFind() {
      try (Torch gpu = Torch.open("cuda:0")) {
        assertThat(HessianComparison.apart(gpu, torch))
            .allSatisfy((name, apart) -> assertThat(apart).isLessThan(HessianComparison.ROUNDING));
      }
    }
  }
}
