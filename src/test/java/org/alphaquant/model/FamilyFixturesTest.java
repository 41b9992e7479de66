package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Random checkpoints of every family against the activations that transformers 5.18 gives for them:
 * the residual stream after every layer and the logits within 1e-5 (1e-4 hides wrong forward passes
 * of random models). Some are bundled; {@code -Dalphaquant.families=FOLDER} takes all of a folder
 * instead.
 */
class FamilyFixturesTest {

  private static final double LIMIT = 1e-5;
  private static final String PROPERTY = "alphaquant.families";
  private static final Path BUNDLED = Path.of("src/test/resources/families");
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
    String folder = System.getProperty(PROPERTY);
    if (folder == null) {
      System.out.println("Only the bundled families: -D" + PROPERTY + "=FOLDER takes a whole set");
    }
    try (Stream<Path> children = Files.list(folder == null ? BUNDLED : Path.of(folder))) {
      return children.filter(child -> Files.exists(child.resolve("config.json"))).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void residualStreamAfterEveryLayerAndLogitsAgree(Path folder) {
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        Reference reference = Reference.of(folder);
        TensorScope scope = torch.scope(folder.toString())) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Model model = ModelFamilies.open(checkpoint, description, scope);
      NDArray x = model.embed(scope, reference.inputIds(scope));
      for (int index = 0; index < description.layers(); index++) {
        try (TensorScope loading = scope.child("layer " + index)) {
          x = loading.keep(scope, model.layer(loading, index).forward(loading, x));
        }
        check(reference, scope, "layer_" + index, x);
      }
      check(reference, scope, "logits", model.logits(scope, x));
    }
  }

  /** The published config.json of MiMo-V2-Flash has keys of its own for what the other says. */
  @Test
  void mimoV2FlashIsTheSameInItsPublishedSpelling(@TempDir Path folder) throws IOException {
    Path fixture = BUNDLED.resolve("mimo_v2_flash");
    for (String file : List.of("model.safetensors", "reference.safetensors")) {
      Files.copy(fixture.resolve(file), folder.resolve(file));
    }
    JsonMapper json = JsonMapper.shared();
    ObjectNode config = json.readTree(fixture.resolve("config.json").toFile()).asObject();
    config.remove(List.of("layer_types", "mlp_layer_types", "rope_parameters", "rms_norm_eps"));
    config.setAll(
        json.readTree(
                """
                {"hybrid_layer_pattern": [1, 0, 1], "moe_layer_freq": [0, 1, 1],
                 "swa_num_attention_heads": 4, "swa_num_key_value_heads": 4, "swa_head_dim": 48,
                 "swa_v_head_dim": 32, "rope_theta": 5000000, "swa_rope_theta": 10000,
                 "partial_rotary_factor": 0.334, "layernorm_epsilon": 1e-5,
                 "add_swa_attention_sink_bias": true, "add_full_attention_sink_bias": false,
                 "routed_scaling_factor": null, "n_shared_experts": null}
                """)
            .asObject());
    json.writeValue(folder.resolve("config.json").toFile(), config);

    residualStreamAfterEveryLayerAndLogitsAgree(folder);
  }

  private static void check(Reference reference, TensorScope scope, String name, NDArray actual) {
    double distance = reference.distance(scope, name, actual);
    assertThat(distance).as("relative L2 distance of %s", name).isLessThan(LIMIT);
  }
}
