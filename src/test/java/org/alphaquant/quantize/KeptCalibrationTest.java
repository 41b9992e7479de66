package org.alphaquant.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.moe.Utilization;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptCalibrationTest {

  private static final TensorScheme INT4 =
      new TensorScheme(NumberFormat.INT4, 16, true, NumberFormat.BF16);
  private static final Path OLMOE = Path.of("src/test/resources/micro/olmoe");

  @TempDir Path folder;

  /** Nothing is quantized before these, so that the sequential way sees the same inputs. */
  @Test
  void theFirstLinearsAreSolvedAsOnTheStreamBitForBit() {
    Predicate<String> first = name -> name.matches("model.layers.0.self_attn.[qkv]_proj");
    assertThat(fromKept(first, Dtype.F32)).isEqualTo(onTheStream(first)).hasSize(3);
  }

  @Test
  void expertsOfTheFirstLayerAreSolvedWithinTheRoundingOfTheirSums() {
    Predicate<String> experts = name -> name.matches("model.layers.0.mlp.experts.*(gate|up)_proj");
    Map<String, Double> stream = errors(onTheStream(experts));
    Map<String, Double> kept = errors(fromKept(experts, Dtype.F32));
    assertThat(kept).hasSameSizeAs(stream).hasSizeGreaterThan(10);
    kept.forEach(
        (name, error) -> assertThat(error).as(name).isCloseTo(stream.get(name), within(1e-4)));
  }

  @Test
  void trianglesComeBackWhole() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      long width = 5;
      Random random = new Random(1);
      float[] values = new float[(int) (width * width)];
      for (int i = 0; i < width; i++) {
        for (int j = 0; j <= i; j++) {
          values[(int) (i * width + j)] = random.nextFloat();
          values[(int) (j * width + i)] = values[(int) (i * width + j)];
        }
      }
      NDArray hessian = scope.floats(values, 1, width, width);
      NDArray statistics = scope.run("kept.statistics_of_all", scope.floats(new float[] {2.5f}, 1));
      Path file = folder.resolve("one.safetensors");
      SafetensorsWriter.write(
          file, KeptInput.of(scope, List.of("a"), hessian, statistics, Dtype.F32));
      try (SafetensorsFile kept = SafetensorsFile.open(file)) {
        NDArray read = KeptInput.hessians(scope, kept, List.of("a"), width, hessian);
        assertThat(scope.toFloats(read)).containsExactly(values);
        assertThat(KeptInput.statistics(kept, "a").largest()).isEqualTo(2.5);
      }
    }
  }

  @Test
  void aModuleThatWasNotKeptIsNamed() {
    assertThatThrownBy(
            () ->
                solved(
                    name -> name.contains("q_proj"),
                    kept(name -> name.contains("down_proj"), Dtype.F32)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model.layers.0.self_attn.q_proj has no Hessian in the calibration");
  }

  private List<LinearReport> onTheStream(Predicate<String> quantized) {
    List<LinearReport> reports = new ArrayList<>();
    open(
        quantized,
        (scope, model, plan) ->
            new ModelQuantizer(plan, memory())
                .quantize(
                    scope,
                    model,
                    RunObserver.NONE,
                    (layer, result, stream) -> reports.addAll(result.reports())));
    return reports;
  }

  private List<LinearReport> fromKept(Predicate<String> quantized, Dtype dtype) {
    return solved(quantized, kept(quantized, dtype));
  }

  private List<LinearReport> solved(Predicate<String> quantized, KeptCalibration calibration) {
    List<LinearReport> reports = new ArrayList<>();
    open(
        quantized,
        (scope, model, plan) ->
            new ModelQuantizer(plan, memory())
                .solve(
                    scope,
                    model,
                    0,
                    calibration,
                    RunObserver.NONE,
                    (layer, result, stream) -> reports.addAll(result.reports())));
    return reports;
  }

  private KeptCalibration kept(Predicate<String> modules, Dtype dtype) {
    List<Utilization> experts = new ArrayList<>();
    open(
        modules,
        (scope, model, plan) ->
            ModelQuantizer.keeping(plan, memory(), dtype, tensors -> tensors)
                .quantize(
                    scope,
                    model,
                    RunObserver.NONE,
                    (layer, result, stream) -> {
                      SafetensorsWriter.write(file(layer), result.tensors());
                      experts.add(result.utilization());
                      assertThat(result.reports()).isEmpty();
                    }));
    return new KeptCalibration() {
      @Override
      public SafetensorsFile layer(int index) {
        return SafetensorsFile.open(file(index));
      }

      @Override
      public Utilization experts(int index) {
        return experts.get(index);
      }

      @Override
      public double[] evidence(int index) {
        return experts.get(index).experts().stream().mapToDouble(it -> 1).toArray();
      }
    };
  }

  private Path file(int layer) {
    return folder.resolve("layer-" + layer + ".safetensors");
  }

  private static Map<String, Double> errors(List<LinearReport> reports) {
    return reports.stream()
        .collect(Collectors.toMap(LinearReport::module, LinearReport::errorAfter));
  }

  private static MemoryPlan memory() {
    return new MemoryPlan(new RunShape(4, 64, 64, 8, 2, 32, 0, 1000, 16, 64), 0, 0);
  }

  private interface Work {
    void run(TensorScope scope, Model model, QuantizationPlan plan);
  }

  private static void open(Predicate<String> modules, Work work) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test");
        Checkpoint checkpoint = Checkpoint.open(OLMOE)) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Map<String, TensorScheme> schemes =
          description.linears().stream()
              .map(ModuleDescription::name)
              .filter(modules)
              .collect(Collectors.toMap(name -> name, name -> INT4));
      work.run(scope, ModelFamilies.open(checkpoint, description, scope), plan(schemes));
    }
  }

  private static QuantizationPlan plan(Map<String, TensorScheme> schemes) {
    Random random = new Random(3);
    long[][] samples = new long[4][];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = random.longs(64, 0, 900).toArray();
    }
    return new QuantizationPlan(
        schemes,
        GptqOptions.defaults(),
        false,
        RoutingWeight.SCORE,
        Shrinkage.AUTO,
        StorageFormats.COMPRESSED_TENSORS,
        Dtype.BF16,
        samples);
  }
}
