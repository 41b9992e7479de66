package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Scales of keys and values for a cache in fp8. */
class CacheScalesTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final JobInputs INPUTS =
      new JobInputs(
          new SourceSettings(new Roots(List.of(RESOURCES)), new Roots(List.of(RESOURCES))));

  @TempDir Path folder;

  private static JobSpec spec(String model, String config, String format) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "%s", "config": %s, "output": {"format": "%s"},
             "gptq": {"sweeps": 0, "scale_search": false},
             "calibration": {"path": "text/short.txt", "samples": 3, "sequence_length": 32},
             "evaluation": {"perplexity": {"path": "text/short.txt", "window": 32}}}
            """
                .formatted(model, config, format),
            JobSpec.class);
  }

  private static String config(String attention) {
    return """
        {"default": {"wq": "int4", "group_size": 16}, "kv_cache": {"format": "fp8"},
         "overrides": [{"pattern": "*self_attn*", "wq": "%s"}]}
        """
        .formatted(attention);
  }

  @ParameterizedTest
  @CsvSource({"micro/olmoe, int4, 2", "micro/qwen3_moe, bf16, 3", "micro/llama, int4, 3"})
  void everyAttentionHasBothAndTheConfigSaysWhatTheyAreFor(
      String model, String attention, int layers) throws IOException {
    TestContext context = TestContext.of(spec(model, config(attention), "auto"), folder);
    new QuantizationRun(INPUTS).run(context);
    try (Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      List<String> scales =
          written.names().stream().filter(it -> it.endsWith(".self_attn.k_scale")).toList();
      assertThat(scales).hasSizeGreaterThanOrEqualTo(layers);
      for (String keys : scales) {
        for (String name : List.of(keys, keys.replace("k_scale", "v_scale"))) {
          assertThat(written.info(name).dtype()).isEqualTo(Dtype.F32);
          assertThat(written.info(name).shape()).containsExactly(1L);
          assertThat(number(written, name)).isBetween(1e-6f, 1f);
        }
      }
      JsonNode scheme = written.config().at("/quantization_config/kv_cache_scheme");
      assertThat(scheme.get("num_bits").asInt()).isEqualTo(8);
      assertThat(scheme.get("type").asString()).isEqualTo("float");
      assertThat(scheme.get("strategy").asString()).isEqualTo("tensor");
      assertThat(scheme.get("symmetric").asBoolean()).isTrue();
      assertThat(scheme.get("dynamic").asBoolean()).isFalse();
    }
  }

  /** The first layer's values by hand: the embedding, its norm, one product. */
  @Test
  void theScaleIsTheLargestValueOverTheLargestNumberOfTheFormat() throws IOException {
    TestContext context = TestContext.of(spec("micro/mixtral", config("bf16"), "auto"), folder);
    new QuantizationRun(INPUTS).run(context);
    long[][] tokens = tokens();
    try (Checkpoint source = Checkpoint.open(RESOURCES.resolve("micro/mixtral"));
        Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      double largest = largestValue(source, tokens);
      float scale = number(written, "model.layers.0.self_attn.v_scale");
      assertThat((double) scale).isCloseTo(largest / 448, within(largest / 448 * 1e-4));
    }
  }

  private static long[][] tokens() {
    try (Tokenizer tokenizer = Tokenizer.open(RESOURCES.resolve("micro/mixtral"))) {
      return CalibrationSamples.collect(
              INPUTS.calibration(spec("micro/mixtral", "null", "auto")),
              tokenizer,
              Optional.empty())
          .tokens();
    }
  }

  private static double largestValue(Checkpoint source, long[][] tokens) {
    float[] table = floats(source, "model.embed_tokens.weight");
    float[] norm = floats(source, "model.layers.0.input_layernorm.weight");
    float[] weight = floats(source, "model.layers.0.self_attn.v_proj.weight");
    double epsilon = source.config().get("rms_norm_eps").asDouble();
    int hidden = norm.length;
    double largest = 0;
    for (long[] row : tokens) {
      for (long id : row) {
        double square = 0;
        for (int i = 0; i < hidden; i++) {
          square += Math.pow(table[(int) id * hidden + i], 2);
        }
        double factor = 1 / Math.sqrt(square / hidden + epsilon);
        for (int o = 0; o < weight.length / hidden; o++) {
          double value = 0;
          for (int i = 0; i < hidden; i++) {
            value += table[(int) id * hidden + i] * factor * norm[i] * weight[o * hidden + i];
          }
          largest = Math.max(largest, Math.abs(value));
        }
      }
    }
    return largest;
  }

  private static float[] floats(Checkpoint source, String name) {
    ByteBuffer bytes = source.bytes(name).get(0).duplicate().order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(bytes.getShort() << 16);
    }
    return values;
  }

  private static float number(Checkpoint checkpoint, String name) {
    return checkpoint.bytes(name).get(0).duplicate().order(ByteOrder.LITTLE_ENDIAN).getFloat();
  }

  @ParameterizedTest
  @CsvSource({
    "micro/deepseek_v3, int4, auto, kv-cache-latent, latent vector",
    "micro/olmoe, int4, gptq, kv-cache-format, gptq has no place",
    "micro/olmoe, int4, dequantized, kv-cache-format, dequantized has no place",
    "micro/olmoe, bf16, compressed-tensors, kv-cache-alone, there are none"
  })
  void whatNoEngineReadsIsRefused(
      String model, String weights, String format, String code, String detail) {
    String config =
        "{\"default\": {\"wq\": \"%s\", \"group_size\": 32}, \"kv_cache\": {\"format\": \"fp8\"}}"
            .formatted(weights);
    try (PreparedJob job = new JobPreparation(INPUTS).open(spec(model, config, format))) {
      assertThat(job.plan().errors())
          .filteredOn(error -> error.code().equals(code))
          .singleElement()
          .extracting(Problem::detail)
          .asString()
          .contains(detail);
    }
  }

  @Test
  void thePlanCountsTheScales() throws IOException {
    try (PreparedJob job =
        new JobPreparation(INPUTS).open(spec("micro/olmoe", config("int4"), "auto"))) {
      assertThat(job.plan().errors()).isEmpty();
      assertThat(job.plan().tensors())
          .filteredOn(tensor -> tensor.name().endsWith("v_scale"))
          .hasSize(job.description().layers());
    }
  }
}
