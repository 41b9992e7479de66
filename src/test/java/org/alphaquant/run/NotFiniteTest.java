package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Infinities and not-a-number: refused by name, and never a figure of a result. */
class NotFiniteTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final short NAN = (short) 0x7fc0;
  private static final short INFINITY = (short) 0xff80;

  @TempDir Path folder;

  /**
   * Norms, biases, sinks, corrections of routers, convolutions, and codes and scales of sources.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "micro/deepseek_v3",
        "micro/mixtral",
        "micro/qwen2_moe",
        "variants/gpt_oss",
        "variants/gpt_oss_mxfp4",
        "families/minimax_m2_fp8",
        "families/kimi_k2_int4",
        "families/lfm2_moe",
        "families/granitemoehybrid",
        "families/qwen3_next"
      })
  void everyTensorThatTheModelReadsIsLookedAt(String model) throws IOException {
    Path source = RESOURCES.resolve(model);
    // One of a kind: layers and experts are alike.
    Set<String> looked = new HashSet<>();
    for (TensorInfo tensor : read(source)) {
      byte[] other = other(tensor);
      if (other.length == 0 || !looked.add(tensor.name().replaceAll("\\d+", "N"))) {
        continue;
      }
      Path broken = copy(source, tensor.name(), (int) tensor.bytes() - other.length, other);
      try (Checkpoint checkpoint = Checkpoint.open(broken)) {
        Set<String> names = ModelFamilies.recognise(checkpoint, null).storedTensors();
        ModelException refused =
            catchThrowableOfType(
                ModelException.class, () -> SourceCheck.check(checkpoint, names, done -> {}));
        assertThat(refused.kind()).isEqualTo(ModelException.Kind.WEIGHT_NOT_FINITE);
        assertThat(refused.subject()).isEqualTo(tensor.name());
        assertThat(refused).hasMessageContaining(last(tensor));
      }
    }
    assertThat(looked).hasSizeGreaterThan(8);
  }

  @Test
  void aCheckBesideTheWorkSaysTheSameToWhoeverWaitsForIt() throws IOException {
    Path source = RESOURCES.resolve("micro/mixtral");
    TensorInfo tensor = read(source).get(0);
    byte[] other = other(tensor);
    Path broken = copy(source, tensor.name(), (int) tensor.bytes() - other.length, other);
    try (Checkpoint sound = Checkpoint.open(source);
        Checkpoint checkpoint = Checkpoint.open(broken);
        CheckingSource good = new CheckingSource();
        CheckingSource bad = new CheckingSource()) {
      // Nothing was begun.
      bad.await();
      Set<String> names = ModelFamilies.recognise(checkpoint, null).storedTensors();
      good.begin(sound, names);
      bad.begin(checkpoint, names);
      good.await();
      ModelException refused = catchThrowableOfType(ModelException.class, bad::await);
      assertThat(refused.subject()).isEqualTo(tensor.name());
      assertThat(refused).hasMessageContaining(last(tensor));
    }
  }

  private static List<TensorInfo> read(Path source) {
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      return ModelFamilies.recognise(checkpoint, null).storedTensors().stream()
          .map(checkpoint::info)
          .toList();
    }
  }

  private static String last(TensorInfo tensor) {
    return tensor.shape().stream().map(size -> size - 1).toList().toString();
  }

  private static byte[] other(TensorInfo tensor) {
    return switch (tensor.dtype()) {
      case F32 -> new byte[] {1, 0, (byte) 0x80, 0x7f};
      case BF16 -> new byte[] {(byte) 0x80, (byte) 0xff};
      case F16 -> new byte[] {0, 0x7c};
      case F8_E4M3 -> new byte[] {0x7f};
      case U8 -> tensor.name().endsWith("_scales") ? new byte[] {-1} : new byte[0];
      default -> new byte[0];
    };
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.1.mlp.experts.3.down_proj.weight, true",
    "model.layers.1.mlp.gate.weight, true",
    "model.norm.weight, false",
    "lm_head.weight, false",
    "model.embed_tokens.weight, true"
  })
  void aJobEndsBeforeItsFirstLayerAsTheUsersErrorThatNamesTheTensor(String name, boolean evaluated)
      throws IOException {
    byte[] other = shortBytes(evaluated ? NAN : INFINITY);
    copy(RESOURCES.resolve("micro/olmoe"), name, 10, other);
    TestContext context = TestContext.of(spec(evaluated), folder.resolve("1"));
    JobError error = failure(context);
    assertThat(error.kind()).isEqualTo(JobError.Kind.USER);
    assertThat(error.code()).isEqualTo("weight-not-finite");
    assertThat(error.message())
        .contains(name, "[0, 5]".substring(0, name.contains("norm") ? 1 : 6));
    assertThat(context.layersMade()).isZero();
    assertThat(context.progress).noneMatch(progress -> progress.phase().startsWith("evaluate"));
  }

  /** Finite weights whose products are beyond float32. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLayerThatGivesMoreThanFloat32HoldsIsNamed(boolean evaluated) throws IOException {
    String name = "model.layers.1.input_layernorm.weight";
    try (Checkpoint checkpoint = Checkpoint.open(RESOURCES.resolve("micro/olmoe"))) {
      ByteBuffer huge = ByteBuffer.allocate((int) checkpoint.info(name).bytes());
      while (huge.hasRemaining()) {
        huge.put((byte) 0x7f).put((byte) 0x7f);
      }
      write(checkpoint, RESOURCES.resolve("micro/olmoe"), name, huge.flip());
    }
    JobError error = failure(TestContext.of(spec(evaluated), folder.resolve("1")));
    assertThat(error.kind()).isEqualTo(JobError.Kind.USER);
    assertThat(error.code()).isEqualTo("activation-not-finite");
    assertThat(error.message()).contains(evaluated ? "layer 1" : "layers.1.");
  }

  /** Weights of 4e6 have int4 scales of 6e5; float16 ends at 65,504. */
  @Test
  void scalesBeyondTheTypeThatTheResultHasForThemAreTheUsersErrorThatNamesBoth()
      throws IOException {
    String name = "model.layers.1.self_attn.q_proj.weight";
    Path source = RESOURCES.resolve("micro/olmoe");
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      ByteBuffer large = ByteBuffer.allocate((int) checkpoint.info(name).bytes());
      for (int i = 0; large.hasRemaining(); i++) {
        large.put((byte) (i % 64)).put((byte) 0x4a);
      }
      write(checkpoint, source, name, large.flip());
    }
    JobError error = failure(TestContext.of(spec(false, "gptq"), folder.resolve("1")));
    assertThat(error.kind()).isEqualTo(JobError.Kind.USER);
    assertThat(error.code()).isEqualTo("scale-out-of-range");
    assertThat(error.message()).contains("layers.1.self_attn.", "beyond F16", "gptq");
  }

  @Test
  void whatIsFiniteInFloat64AloneIsRefusedWhereItIsRead() throws IOException {
    String name = "model.layers.1.input_layernorm.weight";
    Path source = RESOURCES.resolve("micro/olmoe");
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      long width = checkpoint.info(name).elements();
      ByteBuffer wide = ByteBuffer.allocate((int) width * 8).order(ByteOrder.LITTLE_ENDIAN);
      while (wide.hasRemaining()) {
        wide.putDouble(1e39);
      }
      TensorInfo info = new TensorInfo(name, Dtype.F64, List.of(width));
      write(checkpoint, source, TensorSource.of(info, wide.flip()));
    }
    assertThat(failure(TestContext.of(spec(false), folder.resolve("1"))).message())
        .contains(name, "float32");
  }

  private JobError failure(TestContext context) {
    QuantizationRun run =
        new QuantizationRun(
            new JobInputs(
                new SourceSettings(new Roots(List.of(folder)), new Roots(List.of(RESOURCES)))));
    Throwable failure = catchThrowableOfType(RunFailure.class, () -> run.run(context));
    return ((RunFailure) failure).error();
  }

  private static JobSpec spec(boolean evaluated) {
    return spec(evaluated, "compressed-tensors");
  }

  private static JobSpec spec(boolean evaluated, String format) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "broken", "config": {"default": {"wq": "int4", "group_size": 32}},
             "output": {"format": "%s"},
             "gptq": {"sweeps": 0, "scale_search": false},
             "calibration": {"path": "text/short.txt", "samples": 2, "sequence_length": 32}%s}
            """
                .formatted(
                    format,
                    evaluated
                        ? ", \"evaluation\": {\"perplexity\":"
                            + " {\"path\": \"text/short.txt\", \"window\": 32}}"
                        : ""),
            JobSpec.class);
  }

  private Path copy(Path source, String name, int at, byte[] other) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) checkpoint.info(name).bytes());
      checkpoint.bytes(name).forEach(slice -> bytes.put(slice.duplicate()));
      return write(checkpoint, source, name, bytes.put(at, other).flip());
    }
  }

  private Path write(Checkpoint checkpoint, Path source, String name, ByteBuffer bytes)
      throws IOException {
    return write(checkpoint, source, TensorSource.of(checkpoint.info(name), bytes));
  }

  private Path write(Checkpoint checkpoint, Path source, TensorSource changed) throws IOException {
    Path broken = Files.createDirectories(folder.resolve("broken"));
    Files.write(broken.resolve("config.json"), Files.readAllBytes(source.resolve("config.json")));
    if (Files.exists(source.resolve("tokenizer.json"))) {
      Files.write(
          broken.resolve("tokenizer.json"), Files.readAllBytes(source.resolve("tokenizer.json")));
    }
    List<TensorSource> tensors = new ArrayList<>(List.of(changed));
    for (String tensor : new HashSet<>(checkpoint.names())) {
      if (!tensor.equals(changed.info().name())) {
        tensors.add(checkpoint.source(tensor));
      }
    }
    SafetensorsWriter.write(broken.resolve("model.safetensors"), tensors);
    return broken;
  }

  private static byte[] shortBytes(short value) {
    return new byte[] {(byte) value, (byte) (value >> 8)};
  }
}
