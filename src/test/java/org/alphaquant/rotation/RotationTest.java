package org.alphaquant.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.RotationRequest;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RotationTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final RotationRequest WHOLE = new RotationRequest(null, 7L, true);
  private static final RotationRequest STREAM = new RotationRequest(null, 7L, false);

  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  static List<Path> fixtures() throws IOException {
    Stream<Path> found = Stream.of();
    for (String folder : List.of("micro", "families", "variants")) {
      try (Stream<Path> models = Files.list(RESOURCES.resolve(folder))) {
        found = Stream.concat(found, models.sorted().toList().stream());
      }
    }
    return found.filter(path -> Files.exists(path.resolve("config.json"))).toList();
  }

  private static final Set<String> REFUSED =
      Set.of("cohere2", "gemma3_text", "gemma4_moe", "glm4", "phimoe");

  private static final Set<String> STREAM_ALONE =
      Set.of("olmoe_clip", "olmoe_clip_few_keys", "qwen3_5_moe", "qwen3_next");

  /** Float32 forward passes of both. */
  @ParameterizedTest
  @MethodSource("fixtures")
  void aRotatedModelIsTheSameFunctionOrIsRefused(Path fixture) {
    String name = fixture.getFileName().toString();
    try (Checkpoint checkpoint = Checkpoint.open(fixture);
        TensorScope scope = torch.scope("test")) {
      RecognisedModel model = ModelFamilies.recognise(checkpoint, null);
      assertThat(RotationProblems.of(model, STREAM).isPresent()).isEqualTo(REFUSED.contains(name));
      if (REFUSED.contains(name)) {
        return;
      }
      boolean alone = STREAM_ALONE.contains(name);
      assertThat(RotationProblems.of(model, WHOLE).isPresent()).isEqualTo(alone);
      float[] before = logits(scope, model.open(scope));
      Rotation rotation = new Rotation(scope, model, alone ? STREAM : WHOLE, Map.of());
      float[] after = logits(scope, model.open(scope, rotation));
      double largest = 0;
      double difference = 0;
      for (int i = 0; i < before.length; i++) {
        largest = Math.max(largest, Math.abs(before[i]));
        difference = Math.max(difference, Math.abs(before[i] - after[i]));
      }
      assertThat(difference).isPositive().isLessThan(1e-5 * Math.max(1, largest));
    }
  }

  @Test
  void whatIsRefusedIsToldInASentence() {
    assertThat(problem("families/cohere2")).contains("input_layernorm is a LayerNorm");
    assertThat(problem("families/gemma3_text"))
        .contains("layer 0 normalises what a block gives before it joins the stream");
    assertThat(problem("micro/olmoe_clip"))
        .isEqualTo(
            "layer 0 clamps its values; set values to false to rotate the residual stream alone");
    assertThat(problem("families/qwen3_next")).contains("layer 1 gates each dimension");
  }

  @Test
  void anotherSeedIsAnotherRotation() {
    try (Checkpoint checkpoint = Checkpoint.open(RESOURCES.resolve("micro/olmoe"));
        TensorScope scope = torch.scope("test")) {
      RecognisedModel model = ModelFamilies.recognise(checkpoint, null);
      List<float[]> turned =
          Stream.of(7L, 7L, 8L)
              .map(seed -> new RotationRequest(null, seed, true))
              .map(asked -> new Rotation(scope, model, asked, Map.of()))
              .map(rotation -> rotation.weight(scope, model.open(scope).headName() + ".weight"))
              .map(weight -> scope.toFloats(weight.orElseThrow()))
              .toList();
      assertThat(turned.get(1)).isEqualTo(turned.get(0));
      assertThat(turned.get(2)).isNotEqualTo(turned.get(0));
    }
  }

  private static String problem(String fixture) {
    try (Checkpoint checkpoint = Checkpoint.open(RESOURCES.resolve(fixture))) {
      return RotationProblems.of(ModelFamilies.recognise(checkpoint, null), WHOLE).orElseThrow();
    }
  }

  private static float[] logits(TensorScope scope, Model model) {
    long vocabulary = model.description().vocabulary();
    long[] ids = new Random(5).longs(2 * 24, 0, Math.min(200, vocabulary)).toArray();
    NDArray x = model.embed(scope, scope.longs(ids, 2, 24));
    for (int i = 0; i < model.description().layers(); i++) {
      x = model.layer(scope, i).forward(scope, x);
    }
    return scope.toFloats(model.logits(scope, x));
  }
}
