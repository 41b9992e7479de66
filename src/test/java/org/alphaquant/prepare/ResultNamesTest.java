package org.alphaquant.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.PlannedTensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tensors of a result against those that transformers 5.18 writes and reads, for every family
 * and for each layout of its source.
 */
class ResultNamesTest {

  // transformers has no class of theirs.
  private static final Set<String> NOT_IN_TRANSFORMERS = Set.of("deepseek", "mimo");
  private static final String PLAIN = "\"format\": \"dequantized\"";
  private static final String PACKED = "\"format\": \"compressed-tensors\"";

  private static final Set<String> FAMILY_RULES =
      Set.of("rotary-order", "latent-packed", "module-names", "expert-names");

  @TempDir private static Path models;
  private static final List<WrittenModel> WRITTEN = new ArrayList<>();

  @BeforeAll
  static void write() throws IOException {
    WRITTEN.addAll(WrittenModel.all());
    for (WrittenModel model : WRITTEN) {
      for (String layout : model.layouts()) {
        model.write(layout, models.resolve(model.name() + "-" + layout));
      }
    }
  }

  @Test
  void everyFamilyHasItsLists() {
    Set<String> written = new TreeSet<>();
    for (WrittenModel model : WRITTEN) {
      try (PreparedJob job = job(published(model.name()), PLAIN)) {
        written.add(job.description().family());
      }
    }
    assertThat(ModelFamilies.known())
        .extracting(FamilyDescription::modelType)
        .filteredOn(family -> !NOT_IN_TRANSFORMERS.contains(family))
        .allMatch(written::contains);
  }

  @Test
  void aPlainResultHoldsWhatTransformersWrites() {
    for (WrittenModel model : WRITTEN) {
      for (String layout : model.layouts()) {
        try (PreparedJob job = job(model.name() + "-" + layout, PLAIN)) {
          assertThat(tensors(job))
              .as(model.name() + "-" + layout)
              .isEqualTo(model.shapes(WrittenModel.PUBLISHED));
        }
      }
    }
  }

  @Test
  void aPackedResultHoldsWhatTransformersReads() {
    for (WrittenModel model : WRITTEN) {
      for (String source : sources(model)) {
        try (PreparedJob job = job(source, PACKED)) {
          assertThat(tensors(job).keySet()).as(source).containsExactlyElementsOf(model.packed());
        }
      }
    }
  }

  @Test
  void thePlanSaysWhichPackedResultsTransformersDoesNotRead() {
    for (WrittenModel model : WRITTEN) {
      try (PreparedJob job =
          job(published(model.name()), PACKED + ", \"target_runtime\": \"transformers\"")) {
        assertThat(job.plan().findings().stream().noneMatch(Problem::isError))
            .as("%s: %s", model.name(), job.plan().findings())
            .isEqualTo(model.loadsPacked());
      }
    }
  }

  /** Engines that find modules under other names, reorder rows, or take weights apart. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama4_text | vllm | {'default': {'wq': 'int4'}} | rotary-order WARNING",
        "llama4_text | vllm | {'default': {'wq': 'int4', 'symmetric': false}} | rotary-order ERROR",
        "llama4_text | sglang | {'default': {'wq': 'int4'}} | rotary-order ERROR",
        "llama4_text | sglang | {'default': {'wq': 'int4'}, 'overrides':"
            + " [{'pattern': '*.self_attn.*', 'wq': 'bf16'}]} | ''",
        "deepseek_v3 | sglang | {'default': {'wq': 'int4'}} | latent-packed ERROR",
        "deepseek_v3 | sglang | {'default': {'wq': 'fp8', 'aq': 'fp8'}} | ''",
        "deepseek_v3 | vllm | {'default': {'wq': 'int4'}} | ''",
        "kimi_linear | sglang | {'default': {'wq': 'fp8', 'aq': 'fp8'}} | latent-packed ERROR",
        "kimi_linear | sglang | {'default': {'wq': 'int4'}, 'overrides':"
            + " [{'pattern': '*.kv_b_proj', 'wq': 'bf16'}]} | ''",
        "kimi_linear | sglang | {'default': {'wq': 'int4'}, 'overrides': [{'pattern':"
            + " '*.kv_b_proj', 'wq': 'bf16'}, {'pattern': '*.experts.*', 'wq': 'int8'}]}"
            + " | module-names ERROR",
        "hy_v3 | sglang | {'default': {'wq': 'int4'}} | ''",
        "hy_v3 | sglang | {'default': {'wq': 'int4'}, 'overrides':"
            + " [{'pattern': '*.self_attn.*', 'wq': 'bf16'}]} | module-names ERROR",
        "mixtral | sglang | {'default': {'wq': 'int4'}} | ''",
        "mixtral | sglang | {'default': {'wq': 'int4'}, 'overrides':"
            + " [{'pattern': '*.self_attn.*', 'wq': 'bf16'}]} | module-names ERROR",
        "nemotron_h | sglang | {'default': {'wq': 'int4'}} | ''",
        "gemma4_moe | vllm | {'default': {'wq': 'int4'}} | ''"
      })
  void thePlanSaysWhatAnEngineDoesNotRead(
      String model, String target, String config, String expected) {
    String output = PACKED + ", \"target_runtime\": \"" + target + "\"";
    try (PreparedJob job = job(published(model), config.replace('\'', '"'), output)) {
      assertThat(job.plan().findings())
          .filteredOn(it -> FAMILY_RULES.contains(it.code()))
          .extracting(it -> it.code() + " " + it.severity())
          .contains(expected.isEmpty() ? new String[0] : new String[] {expected})
          .hasSizeBetween(expected.isEmpty() ? 0 : 1, expected.isEmpty() ? 0 : 2);
    }
  }

  @Test
  void expertsWithoutABlockAreFoundInTheOneThatEnginesGiveThem() {
    String config =
        "{\"default\": {\"wq\": \"int4\"}, \"overrides\": [{\"pattern\": \"*.experts.*\", \"wq\":"
            + " \"int8\"}]}";
    try (PreparedJob job = job(published("gemma4_moe"), config, PACKED)) {
      String target =
          job.plan()
              .format()
              .config(job.plan().modules(), false)
              .orElseThrow()
              .at("/config_groups/group_0/targets/0")
              .asString();
      assertThat(target).startsWith("re:");
      Pattern pattern = Pattern.compile(target.substring(3));
      assertThat(
              List.of("model.layers.0.experts.3.up_proj", "model.layers.0.moe.experts.0.up_proj"))
          .allMatch(name -> pattern.matcher(name).lookingAt());
      assertThat(pattern.matcher("model.layers.0.mlp.up_proj").lookingAt()).isFalse();
    }
  }

  private static List<String> sources(WrittenModel model) {
    return model.layouts().stream().map(layout -> model.name() + "-" + layout).toList();
  }

  private static Map<String, String> tensors(PreparedJob job) {
    assertThat(job.plan().findings()).noneMatch(Problem::isError);
    Map<String, String> tensors = new TreeMap<>();
    for (PlannedTensor planned : job.plan().tensors()) {
      List<Object> shape = new ArrayList<>(List.of(planned.tensor().dtype()));
      shape.addAll(planned.tensor().shape());
      tensors.put(planned.name(), shape.toString().replace(" ", ""));
    }
    return tensors;
  }

  private static String published(String model) {
    return model + "-" + WrittenModel.PUBLISHED;
  }

  private static PreparedJob job(String model, String output) {
    return job(model, "{\"default\": {\"wq\": \"int4\"}}", output);
  }

  private static PreparedJob job(String model, String config, String output) {
    String spec =
        """
        {"model": "%s", "config": %s, "output": {%s}}
        """
            .formatted(model, config.replace("\"wq\"", "\"group_size\": -1, \"wq\""), output);
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(models));
    return new JobPreparation(new JobInputs(new SourceSettings(roots, roots)))
        .open(JsonMapper.shared().readValue(spec, JobSpec.class));
  }
}
