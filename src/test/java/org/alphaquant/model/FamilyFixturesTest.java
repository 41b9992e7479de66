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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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
    agree(torch, folder);
  }

  static void agree(Torch torch, Path folder) {
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

  private static void check(Reference reference, TensorScope scope, String name, NDArray actual) {
    double distance = reference.distance(scope, name, actual);
    assertThat(distance).as("relative L2 distance of %s", name).isLessThan(LIMIT);
  }
}
