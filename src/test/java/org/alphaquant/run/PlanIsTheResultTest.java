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
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.run.ResultReader.Promise;
import org.alphaquant.run.ResultReader.Tensor;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.storage.PlannedTensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
  private static final int WORDS = 60;

  @TempDir private static Path root;
  private static List<String> models;
  private static JobInputs inputs;

  // The smallest models have room for no tokenizer but one of a few words.
  @BeforeAll
  static void copyTheModels() throws IOException {
    models = new ArrayList<>();
    for (String kind : List.of("micro", "variants")) {
      try (Stream<Path> folders = Files.list(Path.of("src/test/resources", kind)).sorted()) {
        for (Path folder : folders.toList()) {
          copy(folder, root.resolve("models").resolve(folder.getFileName()));
          models.add(folder.getFileName().toString());
        }
      }
    }
    Random random = new Random(1);
    Files.writeString(
        root.resolve("text.txt"),
        IntStream.range(0, 400)
            .mapToObj(i -> "w" + random.nextInt(WORDS))
            .collect(Collectors.joining(" ")));
    inputs =
        new JobInputs(
            new SourceSettings(
                new Roots(List.of(root.resolve("models"))), new Roots(List.of(root))));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(it -> !it.toString().contains("reference")).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    Map<String, Integer> vocabulary = new TreeMap<>();
    IntStream.range(0, WORDS).forEach(i -> vocabulary.put("w" + i, i));
    Map<String, Object> model = Map.of("type", "WordLevel", "vocab", vocabulary, "unk_token", "w0");
    Files.writeString(
        to.resolve("tokenizer.json"),
        JSON.writeValueAsString(
            Map.of(
                "version",
                "1.0",
                "added_tokens",
                List.of(),
                "pre_tokenizer",
                Map.of("type", "WhitespaceSplit"),
                "model",
                model)));
  }

  @Test
  void sixtyRandomJobs() throws IOException {
    assertThat(run(1, 60)).as("jobs that ran").isGreaterThanOrEqualTo(20);
  }

  @Test
  @Tag("faults")
  void twoThousandRandomJobs() throws IOException {
    assertThat(run(1_000_000, 2000)).as("jobs that ran").isGreaterThan(600);
  }

  private static int run(long firstSeed, int count) throws IOException {
    int ran = 0;
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      String spec = new RandomJobs(seed).spec(models);
      Path folder = Files.createDirectories(root.resolve("job"));
      ran += check(spec, folder) ? 1 : 0;
      delete(folder);
    }
    return ran;
  }

  /** Whether the job was one that can run. */
  private static boolean check(String json, Path folder) throws IOException {
    JobSpec spec = JSON.readValue(json, JobSpec.class);
    QuantizationRun run = new QuantizationRun(inputs);
    try (PreparedJob job = new JobPreparation(inputs).open(spec)) {
      if (!job.plan().errors().isEmpty()) {
        assertThatThrownBy(() -> run.run(TestContext.of(spec, folder)))
            .as(json)
            .isInstanceOf(RunFailure.class);
        return false;
      }
      JobResult result = run.run(TestContext.of(spec, folder));
      compare(json, job, result, new ResultReader(folder.resolve("result")));
      return true;
    } catch (InvalidConfigException refused) {
      System.err.println("XX " + refused);
      return false;
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
