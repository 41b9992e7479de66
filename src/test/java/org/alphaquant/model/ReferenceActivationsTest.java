package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** Every family against the activations of its reference implementation. */
class ReferenceActivationsTest {

  private static final double LIMIT = 1e-4;
  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  static List<String> families() throws IOException {
    List<String> folders = new ArrayList<>();
    for (Path parent : List.of(EditedCheckpoint.FIXTURES, EditedCheckpoint.VARIANTS)) {
      try (Stream<Path> children = Files.list(parent)) {
        children.map(Path::toString).sorted().forEach(folders::add);
      }
    }
    return folders;
  }

  @ParameterizedTest
  @MethodSource("families")
  void residualStreamAfterEveryLayerAndLogitsAgree(String folder) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(folder));
        Reference reference = Reference.of(Path.of(folder));
        TensorScope scope = torch.scope(folder)) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Model model = ModelFamilies.open(checkpoint, description, scope);
      NDArray x = model.embed(scope, reference.inputIds(scope));
      check(reference, scope, folder, "embedding", x);
      for (int index = 0; index < description.layers(); index++) {
        try (TensorScope loading = scope.child("layer " + index)) {
          x = model.layer(loading, index).forward(scope, x);
        }
        check(reference, scope, folder, "layer_" + index, x);
      }
      check(reference, scope, folder, "logits", model.logits(scope, x));
    }
  }

  private static void check(
      Reference reference, TensorScope scope, String folder, String name, NDArray actual) {
    double distance = reference.distance(scope, name, actual);
    assertThat(distance).as("relative L2 distance of %s in %s", name, folder).isLessThan(LIMIT);
  }
}
