package org.alphaquant.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Solution;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.moe.Utilization;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices that share a model give what one gives by itself; here all of them are the CPU. */
class DeviceGroupTest {

  private static final int SAMPLES = 7;
  private static final int TOKENS = 48;
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
      Map<String, byte[]> tensors,
      Map<String, LinearReport> reports,
      List<Utilization> experts,
      long tokens) {}

  @ParameterizedTest
  @CsvSource({
    "micro/olmoe, 2, 100",
    "micro/olmoe, 3, 3",
    "micro/deepseek_v3, 2, 100",
    "micro/qwen3_moe, 2, 2",
    "micro/mixtral, 5, 100"
  })
  void aGroupGivesWhatADeviceGivesByItself(String model, int devices, int expertsAtOnce) {
    Outcome alone = quantize(model, 1, expertsAtOnce);
    Outcome together = quantize(model, devices, expertsAtOnce);
    assertThat(together.tensors().keySet()).isEqualTo(alone.tensors().keySet());
    assertThat(together.reports().keySet()).isEqualTo(alone.reports().keySet());
    assertThat(equalBytes(together, alone)).isGreaterThanOrEqualTo(0.999);
    assertErrorsAgree(together, alone);
    assertThat(together.tokens()).isEqualTo(alone.tokens());
    assertThat(together.experts()).hasSameSizeAs(alone.experts());
    for (int i = 0; i < alone.experts().size(); i++) {
      List<Long> own = tokens(alone.experts().get(i));
      List<Long> shared = tokens(together.experts().get(i));
      assertThat(shared.stream().mapToLong(it -> it).sum())
          .isEqualTo(own.stream().mapToLong(it -> it).sum());
      long most = i == 0 ? 0 : 3;
      for (int expert = 0; expert < own.size(); expert++) {
        assertThat(shared.get(expert)).isCloseTo(own.get(expert), within(most));
      }
      assertThat(together.experts().get(i).experts())
          .allSatisfy(expert -> assertThat(expert.layerShare()).isNotNull());
    }
  }

  private static List<Long> tokens(Utilization layer) {
    return layer.experts().stream().map(it -> it.tokens()).toList();
  }

  @ParameterizedTest
  @EnumSource(names = {"INT4", "NVFP4", "Q4_K"})
  void outputsThatDevicesDivideAreSolvedAsByOne(NumberFormat format) {
    Solved alone = solved(format, DeviceGroup.alone());
    DeviceGroup group = new DeviceGroup(3);
    List<Solved> together =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> solved(format, group.rank(i)), task -> new Thread(task).start()))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    assertThat(together.get(1)).usingRecursiveComparison().isEqualTo(together.get(0));
    assertThat(together.get(2)).usingRecursiveComparison().isEqualTo(together.get(0));
    assertThat(together.get(0).damp()).isEqualTo(alone.damp());
    assertThat(together.get(0).weight()).containsExactly(alone.weight(), offset(1e-5f));
    assertThat(together.get(0).scale()).containsExactly(alone.scale(), offset(1e-5f));
  }

  private record Solved(float[] weight, float[] scale, float[] zero, float[] error, float[] damp) {}

  private static Solved solved(NumberFormat format, Rank rank) {
    Random random = new Random(5);
    int outputs = 10;
    int inputs = 256;
    float[] heldOut = products(random, 40, inputs);
    float[] all = products(random, 300, inputs);
    for (int i = 0; i < all.length; i++) {
      all[i] += heldOut[i];
    }
    float[] weight = new float[outputs * inputs];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) random.nextGaussian();
    }
    int group = format.blockSize() == 0 ? 32 : format.blockSize();
    WeightGrid grid =
        (format == NumberFormat.Q4_K ? StorageFormats.GGUF : StorageFormats.COMPRESSED_TENSORS)
            .grid(TensorScheme.of(format, group), inputs, Dtype.BF16);
    try (TensorScope scope = torch.scope("rank " + rank.index())) {
      Solution found =
          new GptqSolver(GptqOptions.defaults())
              .solve(
                  scope,
                  scope.floats(weight, 1, outputs, inputs),
                  scope.floats(all, 1, inputs, inputs),
                  scope.floats(heldOut, 1, inputs, inputs),
                  grid,
                  outputs,
                  rank);
      return new Solved(
          scope.toFloats(found.weight()),
          scope.toFloats(found.scale()),
          scope.toFloats(found.zero()),
          found.error(),
          found.damp());
    }
  }

  // Of rows that have much in common.
  private static float[] products(Random random, int rows, int width) {
    float[] products = new float[width * width];
    for (int n = 0; n < rows; n++) {
      double[] x = new double[width];
      double common = random.nextGaussian();
      for (int i = 0; i < width; i++) {
        x[i] = common + random.nextGaussian();
      }
      for (int i = 0; i < products.length; i++) {
        products[i] += (float) (x[i / width] * x[i % width]);
      }
    }
    return products;
  }

  @Test
  void whatOneDeviceFailsWithEndsAll() {
    IllegalStateException fault = new IllegalStateException("the second one fails");
    DeviceGroup group = new DeviceGroup(2);
    Thread second = new Thread(() -> group.fail(fault));
    second.start();
    assertThatThrownBy(() -> group.rank(0).all("waits")).isSameAs(fault);
    assertThatThrownBy(group::requireWhole).isSameAs(fault);
  }

  // One code that is rounded the other way moves what all later layers see, and so their codes.
  private static void assertErrorsAgree(Outcome one, Outcome other) {
    one.reports()
        .forEach(
            (module, report) ->
                assertThat(report.errorAfter())
                    .as(module)
                    .isCloseTo(other.reports().get(module).errorAfter(), withinPercentage(10)));
  }

  // Of the first layer. Scales and importances are floats whose last bits may differ.
  private static double equalBytes(Outcome one, Outcome other) {
    long equal = 0;
    long all = 0;
    for (Map.Entry<String, byte[]> tensor : one.tensors().entrySet()) {
      if (tensor.getKey().contains(".layers.0.") && tensor.getKey().endsWith(".weight_packed")) {
        byte[] counterpart = other.tensors().get(tensor.getKey());
        all += counterpart.length;
        for (int i = 0; i < counterpart.length; i++) {
          equal += tensor.getValue()[i] == counterpart[i] ? 1 : 0;
        }
      }
    }
    return (double) equal / all;
  }

  private static Outcome quantize(String folder, int devices, int expertsAtOnce) {
    Map<String, byte[]> tensors = new TreeMap<>();
    Map<String, LinearReport> reports = new TreeMap<>();
    List<Utilization> experts = new ArrayList<>();
    long[] tokens = new long[1];
    ModelQuantizer.LayerDone done =
        (layer, result, streams) -> {
          result.tensors().forEach(tensor -> tensors.put(tensor.info().name(), bytes(tensor)));
          result.reports().forEach(report -> reports.put(report.module(), report));
          if (result.utilization() != null) {
            experts.add(result.utilization());
          }
          tokens[0] += streams.stream().mapToLong(it -> it.tokens()).sum();
        };
    DeviceGroup group = new DeviceGroup(devices);
    try (Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources").resolve(folder))) {
      List<Thread> others =
          IntStream.range(1, devices)
              .mapToObj(
                  i ->
                      new Thread(
                          () -> guarded(group, group.rank(i), checkpoint, expertsAtOnce, done)))
              .toList();
      others.forEach(Thread::start);
      guarded(group, group.rank(0), checkpoint, expertsAtOnce, done);
      for (Thread other : others) {
        other.join();
      }
      group.requireWhole();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return new Outcome(tensors, reports, experts, tokens[0]);
  }

  private static void guarded(
      DeviceGroup group,
      Rank rank,
      Checkpoint checkpoint,
      int expertsAtOnce,
      ModelQuantizer.LayerDone done) {
    try (TensorScope scope = torch.scope("rank " + rank.index())) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      Map<String, TensorScheme> schemes = new HashMap<>();
      for (ModuleDescription linear : model.description().linears()) {
        if (linear.layer() >= 0 && linear.kind() != ModuleKind.ROUTER) {
          schemes.put(linear.name(), TensorScheme.of(NumberFormat.INT4, 16));
        }
      }
      QuantizationPlan plan =
          new QuantizationPlan(
              schemes,
              GptqOptions.defaults(),
              false,
              RoutingWeight.SCORE,
              new Shrinkage(128.0),
              StorageFormats.COMPRESSED_TENSORS,
              Dtype.BF16,
              samples());
      new ModelQuantizer(plan, memory(expertsAtOnce), rank)
          .quantize(scope, model, RunObserver.NONE, done);
    } catch (RuntimeException | Error failure) {
      group.fail(failure);
    }
  }

  // A plan that has room for just so many experts at once.
  private static MemoryPlan memory(int expertsAtOnce) {
    RunShape shape = new RunShape(2, 64, 64, expertsAtOnce, 1, 32, 64, 1000, SAMPLES * TOKENS, 64);
    return new MemoryPlan(shape, 0, 0);
  }

  private static long[][] samples() {
    Random random = new Random(3);
    long[][] samples = new long[SAMPLES][];
    for (int i = 0; i < SAMPLES; i++) {
      samples[i] = random.longs(TOKENS, 0, 250).toArray();
    }
    return samples;
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
