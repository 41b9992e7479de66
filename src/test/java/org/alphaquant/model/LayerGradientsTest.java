package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.file.Path;
import java.util.Random;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a recording scope differentiates, against differences of the forward pass. */
class LayerGradientsTest {

  private static final float STEP = 1e-4f;
  // Of the size of the products that the slope is the sum of.
  private static final double TOLERANCE = 0.02;
  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.EditedCheckpoint#withStackedExperts")
  void theStreamsGradientIsTheSlopeOfTheLayer(Path fixture) {
    try (Checkpoint checkpoint = Checkpoint.open(fixture);
        Reference reference = Reference.of(fixture);
        TensorScope scope = torch.scope(fixture.toString())) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      TensorScope recording = scope.recording("layer");
      Model model = ModelFamilies.open(checkpoint, description, recording);
      DecoderLayer layer = model.layer(recording, description.layers() - 1);
      NDArray x = recording.run("gradient.leaf", reference.floats(scope, "embedding"));
      NDArray seed = random(scope, x, 1, 0);
      // Only the last token of each sequence moves, so that hardly a token changes its experts.
      NDArray step = random(scope, x, 2, x.getShape().get(1) - 1);
      NDArray y = layer.forward(recording, x);
      NDArray gradient = recording.runAll("gradient.of", y, seed, new NDList(x)).get(0);
      double slope = gradient.mul(step).sum().getFloat();
      NDArray up = layer.forward(scope, x.add(step)).mul(seed);
      NDArray down = layer.forward(scope, x.sub(step)).mul(seed);
      double measured = up.sub(down).sum().getFloat() / 2;
      double size = gradient.mul(step).norm().getFloat();
      assertThat(slope).isCloseTo(measured, within(TOLERANCE * size));
    }
  }

  private static NDArray random(TensorScope scope, NDArray like, long seed, long from) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(like.getShape().size())];
    long hidden = like.getShape().get(2);
    for (int i = 0; i < values.length; i++) {
      boolean moves = i / hidden % like.getShape().get(1) >= from;
      values[i] = moves ? (from > 0 ? STEP : 1) * (float) random.nextGaussian() : 0;
    }
    return scope.floats(values, like.getShape().getShape());
  }
}
