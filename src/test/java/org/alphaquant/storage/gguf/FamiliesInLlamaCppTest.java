package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.llamacpp.Engine;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.WrittenModel;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** llama.cpp computes what the model does, up to the order of float32 sums, or is not offered. */
class FamiliesInLlamaCppTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final Optional<Engine> ENGINE = Engine.start();

  @TempDir Path folder;

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "micro/olmoe",
        "micro/mixtral",
        "micro/llama",
        "micro/qwen2",
        "micro/qwen3",
        "micro/qwen2_moe",
        "micro/deepseek",
        "micro/deepseek_v2",
        "micro/deepseek_v3",
        "variants/glm4_moe",
        "variants/granitemoe",
        "variants/gpt_oss",
        "variants/llama_linear_biases"
      })
  void itGivesTheModelsLogits(String name) throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    assertThat(ExportedModel.write(RESOURCES.resolve(name), folder, GgufType.F32, 1 << 30))
        .isEmpty();
    requireReferenceLogits(name, "model.gguf");
  }

  /**
   * All of a folder that {@code -Dalphaquant.families=FOLDER} names; one that the engine computes
   * otherwise must be refused.
   */
  @ParameterizedTest
  @MethodSource("families")
  void eachKnownFamilyOfAFolderGivesItsLogits(Path source) throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    List<String> wrong = ExportedModel.write(source, folder, GgufType.F32, 1 << 30);
    System.out.println(source.getFileName() + ": " + (wrong.isEmpty() ? "exported" : wrong));
    if (wrong.isEmpty()) {
      requireReferenceLogits(source, "model.gguf");
    }
  }

  static List<Path> families() throws IOException {
    String named = System.getProperty("alphaquant.families");
    Path all = named == null ? RESOURCES.resolve("families") : Path.of(named);
    List<Path> known = new ArrayList<>();
    try (Stream<Path> children = Files.list(all)) {
      for (Path child : children.sorted().toList()) {
        if (Files.exists(child.resolve("config.json")) && isKnown(child)) {
          known.add(child);
        }
      }
    }
    return known;
  }

  private static boolean isKnown(Path child) {
    try (Checkpoint checkpoint = Checkpoint.open(child)) {
      // A quantized source is exported in its own 16 bits, its reference is not rounded to them.
      return !checkpoint.config().has("quantization_config")
          && EngineFamilies.of(ModelFamilies.describe(checkpoint, null).family()).isPresent();
    } catch (ModelException unknownToUs) {
      return false;
    }
  }

  @Test
  void aSplitModelGivesTheSameLogits() throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    ExportedModel.write(RESOURCES.resolve("micro/qwen2_moe"), folder, GgufType.F32, 400_000);
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
      assertThat(names).hasSizeGreaterThan(2);
      requireReferenceLogits("micro/qwen2_moe", names.get(0));
    }
  }

  private void requireReferenceLogits(String name, String file) {
    requireReferenceLogits(RESOURCES.resolve(name), file);
  }

  private void requireReferenceLogits(Path source, String file) {
    assertThat(ENGINE.get().load(folder.resolve(file))).isEmpty();
    Path path = source.resolve("reference.safetensors");
    try (SafetensorsFile reference = SafetensorsFile.open(path)) {
      int length = reference.info("input_ids").shape().get(1).intValue();
      long[] ids = new long[length];
      bytes(reference, "input_ids").asLongBuffer().get(ids);
      float[] all = ENGINE.get().logits(Arrays.stream(ids).mapToInt(id -> (int) id).toArray());
      List<Long> kept = reference.info("logits").shape();
      float[] expected = new float[Math.toIntExact(kept.get(1) * kept.get(2))];
      float[] got = Arrays.copyOfRange(all, all.length - expected.length, all.length);
      bytes(reference, "logits").asFloatBuffer().get(expected);
      float most = 0;
      float difference = 0;
      for (int i = 0; i < got.length; i++) {
        most = Math.max(most, Math.abs(expected[i]));
        difference = Math.max(difference, Math.abs(expected[i] - got[i]));
      }
      System.out.printf(
          "%s: logits within %.1e of the largest%n", source.getFileName(), difference / most);
      assertThat(difference / most).as(source.toString()).isLessThan(limit(source));
    }
  }

  // The engine looks Gemma's activation up in half precision.
  private static float limit(Path source) {
    return source.getFileName().toString().startsWith("gemma") ? 1e-3f : 1e-5f;
  }

  private static ByteBuffer bytes(SafetensorsFile file, String tensor) {
    return file.bytes(tensor).get(0).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Its rotation is stretched to 32 times 4096 positions, between fractions of pairs. */
  @Test
  void gptOssIsExportedAsItIsPublishedAndTheDifferenceIsSaid() throws IOException {
    Path source = RESOURCES.resolve("variants/gpt_oss");
    Files.copy(source.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    String published =
        Files.readString(source.resolve("config.json"))
            .replace("\"factor\": 8.0", "\"factor\": 32.0")
            .replace(
                "\"original_max_position_embeddings\": 16",
                "\"original_max_position_embeddings\": 4096");
    Files.writeString(folder.resolve("config.json"), published);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      ModelDescription model = ModelFamilies.describe(checkpoint, null);
      Map<String, List<Long>> shapes =
          Map.of("model.embed_tokens.weight", List.of(model.vocabulary(), model.hidden()));
      GgufModel exported = GgufModel.of(checkpoint.config(), model, shapes).orElseThrow();
      assertThat(exported.differences()).isEmpty();
      assertThat(exported.knownDifferences()).singleElement().asString().contains("truncate false");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "micro/olmoe_clip | clip_qkv",
        "micro/olmoe_clip | norm_topk_prob",
        "micro/mistral | sliding window",
        "micro/qwen3_moe | mlp_only_layers",
        "micro/deepseek_v2_group | group_limited_greedy",
        "variants/qwen3_biases_window | .bias",
        "variants/phimoe | SparseMixer",
        "variants/llama_yarn_untruncated | truncate false",
        "variants/deepseek_v2_yarn_biases | mscale_all_dim",
        "variants/llama_dynamic | dynamically",
        "variants/llama_longrope | longrope",
        "variants/mixtral_head_dim_window | sliding window",
        "variants/qwen2_moe_dense_layers | decoder_sparse_step",
        "variants/qwen3_moe_window | norm_topk_prob",
        "variants/deepseek_v3_yarn_halves | rope_interleave",
        "families/smollm3 | no_rope_layers",
        "families/kimi_linear | rms_norm_eps",
        "families/llama4_text | attention_chunk_size",
        "variants/deepseek_v2_large_epsilon | rms_norm_eps",
        "variants/deepseek_sparse_every_second | mlp_only_layers"
      })
  void whatItWouldComputeOtherwiseIsRefusedByASentence(String name, String named)
      throws IOException {
    assertThat(ExportedModel.write(RESOURCES.resolve(name), folder, GgufType.F32, 1 << 30))
        .anyMatch(sentence -> sentence.startsWith("llama.cpp") && sentence.contains(named));
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "mimo_v2_flash | {\"norm_topk_prob\": false} | norm_topk_prob",
        "mimo_v2_flash | {\"routed_scaling_factor\": 2} | routed_scaling_factor",
        "deepseek_v32 | {\"rms_norm_eps\": 1e-5} | rms_norm_eps",
        "deepseek_v32 | {\"rope_parameters\": {\"rope_theta\": 1e4, \"rope_type\": \"linear\","
            + " \"factor\": 2}} | linear",
        "lfm2_moe | {\"rope_parameters\": {\"rope_theta\": 1e4, \"rope_type\": \"llama3\", \"factor\": 8,"
            + " \"low_freq_factor\": 1, \"high_freq_factor\": 4,"
            + " \"original_max_position_embeddings\": 32}} | llama3"
      })
  void soIsASettingOfAKnownModel(String name, String settings, String named) throws IOException {
    Path model = withSettings(RESOURCES.resolve("families").resolve(name), settings);
    assertThat(ExportedModel.write(model, folder.resolve("out"), GgufType.F32, 1 << 30))
        .anyMatch(sentence -> sentence.startsWith("llama.cpp ") && sentence.contains(named));
  }

  static List<WrittenModel> written() throws IOException {
    return WrittenModel.all();
  }

  /** Published files leave out what is the family's default. */
  @ParameterizedTest
  @MethodSource("written")
  void keysThatConfigLacksMeanWhatTheyDoInTransformers(WrittenModel model) throws IOException {
    model.write(WrittenModel.PUBLISHED, folder);
    SoftAssertions all = new SoftAssertions();
    JsonNode config = model.json().path("config");
    Optional<Map<String, MetadataValue>> own = metadata();
    for (String key : own.isPresent() ? model.keysWithDefault() : Set.<String>of()) {
      model.writeConfig(model.without(key), folder);
      Optional<Map<String, MetadataValue>> without = metadata();
      if (without.isPresent()) {
        model.writeConfig(model.withDefault(key), folder);
        all.assertThat(without)
            .as(model.name() + " without " + key)
            .isEqualTo(config.equals(model.withDefault(key)) ? own : metadata());
      }
    }
    all.assertAll();
  }

  /** Empty where config.json and tensors do not agree, or there is no such architecture. */
  private Optional<Map<String, MetadataValue>> metadata() {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      ModelDescription model = ModelFamilies.describe(checkpoint, null);
      Map<String, List<Long>> shapes =
          Map.of("model.embed_tokens.weight", List.of(model.vocabulary(), model.hidden()));
      return GgufModel.of(checkpoint.config(), model, shapes)
          .map(exported -> exported.metadata("model"));
    } catch (ModelException disagreement) {
      return Optional.empty();
    }
  }

  @Test
  void anIndexerOfNarrowHeadsIsRefused() {
    try (Checkpoint checkpoint = Checkpoint.open(RESOURCES.resolve("families/deepseek_v32"))) {
      ObjectNode config = checkpoint.config().deepCopy().asObject();
      config.put("index_head_dim", 32);
      ModelDescription model = ModelFamilies.describe(checkpoint, null);
      assertThat(GgufModel.of(config, model, Map.of()).orElseThrow().differences())
          .anyMatch(sentence -> sentence.contains("index_head_dim"));
    }
  }

  // The same weights with some keys of config.json otherwise.
  private Path withSettings(Path source, String settings, String... without) throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Path config = model.resolve("config.json");
    ObjectNode root = (ObjectNode) JsonMapper.shared().readTree(config);
    root.setAll((ObjectNode) JsonMapper.shared().readTree(settings));
    root.remove(List.of(without));
    Files.writeString(config, root.toString());
    return model;
  }
}
