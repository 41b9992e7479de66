package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.ModelFolder;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** A finished result becomes GGUF without being quantized again. */
class RepackRunTest {

  private static final Path RESOURCES = Path.of("src/test/resources");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "gptq; micro/mixtral; \"wq\": \"int4\", \"group_size\": 32; Q4_0",
        "gptq; micro/qwen2_moe; \"wq\": \"int8\", \"group_size\": 32; Q8_0",
        "quark; micro/olmoe; \"wq\": \"mxfp4\"; MXFP4",
        "compressed-tensors; micro/llama; \"wq\": \"mxfp4\"; MXFP4",
        "dequantized; micro/olmoe; \"wq\": \"fp6\"; F32",
        "mxfp4; variants/gpt_oss; \"wq\": \"bf16\"; MXFP4"
      })
  void theNumbersStayTheSameBitForBit(String format, String model, String scheme, String type)
      throws IOException {
    quantize(format, model, scheme);
    JobResult repacked = repack();
    assertThat(repacked.bytes().after()).isPositive();
    try (Checkpoint before = ModelFolder.open(folder.resolve("job/result"), Links.OWN);
        Checkpoint after = ModelFolder.open(folder.resolve("repacked/result"), Links.OWN);
        Torch torch = Torch.open("cpu")) {
      RecognisedModel one = ModelFamilies.recognise(before, null);
      RecognisedModel other = ModelFamilies.recognise(after, null);
      List<String> weights =
          one.description().linears().stream()
              .filter(it -> it.kind() != ModuleKind.HEAD || !one.description().tiedHead())
              .map(it -> it.name() + ".weight")
              .toList();
      for (String weight : weights) {
        assertThat(floats(torch, other, weight)).as(weight).isEqualTo(floats(torch, one, weight));
      }
    }
    assertThat(types(folder.resolve("repacked/result"))).contains(type);
    assertThat(folder.resolve("repacked/result/repack_report.json")).isNotEmptyFile();
    assertThat(folder.resolve("repacked/result/README.md"))
        .content()
        .contains("# job/result, as gguf", "| %s | ".formatted(type), "llama-server")
        .contains("That was quantized from `%s`.".formatted(model))
        .contains("base_model: \"%s\"\n".formatted(model))
        .contains(
            format.equals("dequantized")
                ? "whose tensors are plain"
                : "quantized in the format `%s`".formatted(format));
  }

  @Test
  void whatNoTypeHoldsIsRefusedWithTheTensorAndTheNearest() throws IOException {
    quantize("compressed-tensors", "micro/olmoe", "\"wq\": \"fp8\"");
    assertThatThrownBy(this::repack)
        .isInstanceOfAny(RunFailure.class, InvalidConfigException.class)
        .hasMessageContaining("the nearest is int8 in groups of 32")
        .hasMessageContaining("model.layers.0.self_attn.q_proj");
  }

  @Test
  void whatATypeHoldsOnlyRoundedIsRefusedBeforeAnythingIsWritten() throws IOException {
    quantize(
        "compressed-tensors",
        "micro/olmoe",
        "\"wq\": \"bf16\"",
        "{\"pattern\": \"*.q_proj\", \"wq\": \"nvfp4\"}");
    assertThatThrownBy(this::repack)
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("cannot be held exactly as NVFP4, the nearest type: its scales are");
    assertThat(folder.resolve("repacked/result")).isEmptyDirectory();
  }

  @Test
  void aMatrixThatTheEngineTurnsIsRefused() throws IOException {
    quantize(
        "compressed-tensors",
        "micro/deepseek_v2",
        "\"wq\": \"bf16\"",
        "{\"pattern\": \"*.kv_b_proj\", \"wq\": \"int4\", \"group_size\": 16}");
    assertThatThrownBy(this::repack)
        .hasMessageContaining(
            "model.layers.0.self_attn.kv_b_proj is int4 g16, which gguf cannot hold");
  }

  private void quantize(String format, String model, String scheme) throws IOException {
    quantize(
        format,
        model,
        scheme,
        format.equals("mxfp4") ? "{\"pattern\": \"*.experts.*\", \"wq\": \"mxfp4\"}" : "");
  }

  private void quantize(String format, String model, String scheme, String overrides)
      throws IOException {
    run(
        """
        {"model": "%s", "config": {"default": {%s}, "overrides": [%s]},
         "output": {"format": "%s"}, "gptq": {"sweeps": 0, "scale_search": false},
         "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 64}}
        """
            .formatted(model, scheme, overrides, format),
        "job");
  }

  private JobResult repack() throws IOException {
    return run("{\"kind\": \"repack\", \"model\": \"job/result\"}", "repacked");
  }

  private static float[] floats(Torch torch, RecognisedModel model, String weight) {
    try (TensorScope scope = torch.scope(weight)) {
      return scope.toFloats(
          scope.run(
              "tensor.to_dtype", model.tensor(weight).load(scope), TorchDtype.FLOAT32.number()));
    }
  }

  private static Set<String> types(Path result) throws IOException {
    return GgufReader.tensors(result.resolve("model.gguf")).values().stream()
        .map(ResultReader.Tensor::dtype)
        .collect(Collectors.toSet());
  }

  private JobResult run(String json, String name) throws IOException {
    SourceSettings settings =
        new SourceSettings(new Roots(List.of(RESOURCES, folder)), new Roots(List.of(RESOURCES)));
    JobSpec spec = JsonMapper.shared().readValue(json, JobSpec.class);
    return new QuantizationRun(new JobInputs(settings))
        .run(TestContext.of(spec, Files.createDirectories(folder.resolve(name))));
  }
}
