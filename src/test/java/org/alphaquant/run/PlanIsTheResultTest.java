package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.run.ResultReader.Promise;
import org.alphaquant.run.ResultReader.Tensor;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.storage.PlannedTensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whatever a job asks for, over all bundled models and all storage formats: the result holds what
 * the plan lists, and what its config.json promises, as a reader finds it that knows nothing of the
 * program that wrote it.
 */
class PlanIsTheResultTest {

  private static final JsonMapper JSON =
      JsonMapper.shared()
          .rebuild()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build();

  @TempDir private static Path root;
  private static List<String> models;
  private static JobInputs inputs;

  @BeforeAll
  static void copyTheModels() throws IOException {
    BundledModels bundled = BundledModels.copyTo(root);
    inputs = bundled.inputs();
    models = new ArrayList<>(bundled.names());
    for (Dtype wide : List.of(Dtype.F32, Dtype.F64)) {
      WideModel.write(
          root.resolve("models/olmoe"), root.resolve("models/olmoe-" + wide), wide, name -> true);
      models.add("olmoe-" + wide);
    }
  }

  @Test
  void sixtyRandomJobs() throws IOException {
    Map<String, Integer> ran = run(1, 60);
    assertThat(sum(ran)).as("jobs that ran: " + ran).isGreaterThanOrEqualTo(20);
    assertThat(ran).as("formats").containsKeys("compressed-tensors", "gptq", "dequantized", "gguf");
  }

  @Test
  @Tag("faults")
  void twoThousandRandomJobs() throws IOException {
    int jobs = Integer.getInteger("alphaquant.random-jobs", 2000);
    Map<String, Integer> ran = run(1_000_000, jobs);
    assertThat(sum(ran)).as("jobs that ran: " + ran).isGreaterThan(jobs * 3 / 10);
    assertThat(ran.values())
        .as("of each format: " + ran)
        .hasSize(5)
        .allMatch(count -> count > jobs / 100);
  }

  @ParameterizedTest
  @CsvSource({
    "F32, compressed-tensors, int4", "F64, compressed-tensors, int4",
    "F32, compressed-tensors, fp8", "F64, compressed-tensors, fp8",
    "F32, gptq, int4", "F64, gptq, int4",
    "F32, dequantized, int4", "F64, dequantized, int4",
    "F32, compressed-tensors, nvfp4", "F64, gguf, int4"
  })
  void aWideSourceGivesScalesOf16BitsAndNoFloat64(String source, String output, String format)
      throws IOException {
    Path folder = Files.createDirectories(root.resolve("wide"));
    String group = format.equals("int4") ? ", \"group_size\": 32" : "";
    String spec =
        """
        {"model": "olmoe-%s", "config": {"default": {"wq": "%s"%s}},
         "calibration": {"path": "text.txt", "samples": 2, "sequence_length": 16},
         "output": {"format": "%s"}}
        """
            .formatted(source, format, group, output);
    assertThat(check(spec, folder)).contains(output);
    ResultReader reader = new ResultReader(folder.resolve("result"));
    reader
        .tensors()
        .forEach(
            (name, tensor) -> {
              assertThat(tensor.dtype()).as(name).isNotEqualTo("F64");
              if (name.endsWith(".weight_scale") || name.endsWith(".scales")) {
                assertThat(tensor.bytes() / tensor.elements()).as(name).isLessThanOrEqualTo(2);
              }
            });
    assertThat(reader.config().path("torch_dtype").asString("")).isNotEqualTo("float64");
    delete(folder);
  }

  private static int sum(Map<String, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** How many jobs ran, by the format of their results. */
  private static Map<String, Integer> run(long firstSeed, int count) throws IOException {
    Map<String, Integer> ran = new TreeMap<>();
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      String spec = new RandomJobs(seed).spec(models);
      Path folder = Files.createDirectories(root.resolve("job"));
      check(spec, folder).ifPresent(format -> ran.merge(format, 1, Integer::sum));
      delete(folder);
    }
    return ran;
  }

  /** The format of the result; empty for a job that cannot run. */
  private static Optional<String> check(String json, Path folder) throws IOException {
    JobSpec spec = JSON.readValue(json, JobSpec.class);
    QuantizationRun run = new QuantizationRun(inputs);
    try (PreparedJob job = new JobPreparation(inputs).open(spec)) {
      if (!job.plan().errors().isEmpty()) {
        assertThatThrownBy(() -> run.run(TestContext.of(spec, folder)))
            .as(json)
            .isInstanceOf(RunFailure.class);
        return Optional.empty();
      }
      JobResult result = run.run(TestContext.of(spec, folder));
      compare(json, job, result, new ResultReader(folder.resolve("result")));
      return Optional.of(job.plan().format().name());
    } catch (InvalidConfigException refused) {
      return Optional.empty();
    }
  }

  private static void compare(String json, PreparedJob job, JobResult result, ResultReader reader)
      throws IOException {
    Map<String, Tensor> found = reader.tensors();
    Map<String, Tensor> planned = new HashMap<>();
    for (PlannedTensor tensor : job.plan().tensors()) {
      planned.put(
          tensor.name(),
          new Tensor(tensor.tensor().dtype(), tensor.tensor().shape(), tensor.tensor().bytes()));
    }
    assertThat(found).as(json).containsExactlyInAnyOrderEntriesOf(planned);
    assertThat(result.bytes().after())
        .as(json)
        .isEqualTo(found.values().stream().mapToLong(Tensor::bytes).sum());
    if (reader.isGguf()) {
      compareBits(json, result, found);
      return;
    }
    long bits = 0;
    long weights = 0;
    for (ModuleDescription module : modules(job)) {
      Promise promise = reader.promise(module.name());
      Map<String, List<Long>> expected =
          ResultReader.planes(promise, module.outFeatures(), module.inFeatures());
      if (!promise.equals(Promise.PLAIN)) {
        assertThat(planes(found, module.name())).as(json + module).isEqualTo(expected);
        for (String suffix : expected.keySet()) {
          bits += 8 * found.get(module.name() + "." + suffix).bytes();
        }
        weights += module.elements();
      } else if (!isElsewhere(reader, job, found, module)) {
        assertThat(planes(found, module.name())).as(json + module).isEqualTo(expected);
      }
    }
    if (weights > 0) {
      assertThat(result.bitsPerWeight()).as(json).isEqualTo((double) bits / weights);
    }
  }

  // The names are llama.cpp's own, but only quantized weights have types with blocks; NVFP4's scale
  // of the whole tensor lies beside them.
  private static void compareBits(String json, JobResult result, Map<String, Tensor> found) {
    long bits = 0;
    long weights = 0;
    for (Map.Entry<String, Tensor> entry : found.entrySet()) {
      if (GgufReader.isQuantized(entry.getValue())) {
        Tensor scale = found.get(entry.getKey().replaceFirst("weight$", "scale"));
        bits += 8 * (entry.getValue().bytes() + (scale == null ? 0 : scale.bytes()));
        weights += entry.getValue().elements();
      }
    }
    if (weights > 0) {
      assertThat(result.bitsPerWeight()).as(json).isEqualTo((double) bits / weights);
    }
  }

  private static List<ModuleDescription> modules(PreparedJob job) {
    List<ModuleDescription> modules = new ArrayList<>(job.description().linears());
    modules.add(job.description().embedding());
    return modules;
  }

  // A tied head has no tensor, and experts that the family publishes stacked are in another one.
  private static boolean isElsewhere(
      ResultReader reader, PreparedJob job, Map<String, Tensor> found, ModuleDescription module) {
    boolean tied = reader.config().path("tie_word_embeddings").asBoolean(false);
    boolean untied = found.containsKey(module.name() + ".weight");
    if (module.kind() == ModuleKind.HEAD && job.description().tiedHead()) {
      assertThat(untied).isEqualTo(job.plan().unties());
      assertThat(tied && untied).isFalse();
      return !untied;
    }
    return module.kind() == ModuleKind.EXPERT
        && job.description().layerList().get(module.layer()).fusedExperts().isPresent()
        && !reader.config().has("quantization_config");
  }

  private static Map<String, List<Long>> planes(Map<String, Tensor> found, String module) {
    Map<String, List<Long>> planes = new TreeMap<>();
    found.forEach(
        (name, tensor) -> {
          String suffix = name.startsWith(module + ".") ? name.substring(module.length() + 1) : "";
          if (!suffix.isEmpty()
              && !suffix.contains(".")
              && !suffix.equals("bias")
              && !suffix.equals("e_score_correction_bias")) {
            planes.put(suffix, tensor.shape());
          }
        });
    return planes;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
