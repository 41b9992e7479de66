package org.alphaquant.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DistillationTest {

  private static final TensorScheme INT3 = TensorScheme.of(NumberFormat.INT3, 32);
  private static final DistillSettings SETTINGS = new DistillSettings(5, 4, 0.02, 0.02, 2e-3, 7);

  private static Torch torch;
  @TempDir private Path folder;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  @ParameterizedTest
  @CsvSource({
    "olmoe, INT3, compressed-tensors, 0.02, 0.75",
    "deepseek_v2_group, INT3, dequantized, 0.02, 0.8",
    "mixtral, MXFP4, compressed-tensors, 0.005, 0.95",
    "llama, INT4, gptq, 0.005, 0.95",
    "olmoe-wide, Q4_K, gguf, 0.01, 0.9",
    "olmoe-wide, Q2_K, gguf, 0.02, 0.9",
    "olmoe-wide, Q3_K, gguf, 0.01, 0.9"
  })
  void twentyStepsBringThePredictionsNearer(
      String family, NumberFormat number, String format, double rate, double limit) {
    long[][] text = sequences(8, 1, tokens(family));
    try (Source source = new Source(family, scheme(number), format);
        Distillation training = source.open(settings(rate))) {
      double before = training.divergence(text);
      training.train(text, folder.resolve("state"), (done, of, loss) -> false);
      double after = training.divergence(text);
      assertThat(after).isLessThan(limit * before);
    }
  }

  @Test
  void aTrainingThatIsResumedEndsAsOneThatIsNot() {
    List<byte[]> whole = new ArrayList<>();
    List<byte[]> resumed = new ArrayList<>();
    try (Source source = new Source("olmoe", INT3, "compressed-tensors")) {
      try (Distillation training = source.open(settings(0.02))) {
        training.train(sequences(8, 1), folder.resolve("whole"), (done, of, loss) -> done % 7 == 0);
        whole.addAll(contents(training.write(folder.resolve("a"))));
      }
      Path state = folder.resolve("resumed");
      try (Distillation training = source.open(settings(0.02))) {
        assertThatThrownBy(
                () -> training.train(sequences(8, 1), state, DistillationTest::stopAtEleven))
            .hasMessage("stopped");
      }
      List<Integer> steps = new ArrayList<>();
      try (Distillation training = source.open(settings(0.02))) {
        training.train(sequences(8, 1), state, (done, of, loss) -> steps.add(done) && false);
        resumed.addAll(contents(training.write(folder.resolve("b"))));
      }
      assertThat(steps).startsWith(8).endsWith(20);
    }
    assertThat(whole).isNotEmpty();
    assertThat(resumed).usingRecursiveComparison().isEqualTo(whole);
  }

  /** The course of a training in windows: mean loss of each window's first and last steps. */
  private static final class Course implements Distillation.Observer {

    private final List<List<Double>> losses = new ArrayList<>();
    private final List<Integer> steps = new ArrayList<>();
    private int stopAt = Integer.MAX_VALUE;

    @Override
    public void window(int first, int last, boolean predicts) {
      losses.add(new ArrayList<>());
    }

    @Override
    public boolean step(int done, int of, double loss) {
      steps.add(done);
      losses.get(losses.size() - 1).add(loss);
      if (done == stopAt) {
        throw new IllegalStateException("stopped");
      }
      return done % 7 == 0;
    }
  }

  @ParameterizedTest
  @CsvSource({"olmoe, 1", "deepseek_v2_group, 1"})
  void layersInWindowsComeNearerOneAfterTheOther(String family, int window) {
    try (Source source = new Source(family, INT3, "compressed-tensors")) {
      double before;
      try (Distillation whole = source.open(settings(0.02))) {
        before = whole.divergence(sequences(8, 1, tokens(family)));
      }
      Course course = new Course();
      try (WindowedDistillation training = source.windows(window)) {
        training.train(
            sequences(8, 1, tokens(family)), folder::resolve, folder.resolve("files"), course);
      }
      assertThat(course.losses).hasSize(source.description.layers());
      course.losses.forEach(
          losses -> assertThat(losses.get(losses.size() - 1)).isLessThan(0.9 * losses.get(0)));
      List<Double> predictions = course.losses.get(course.losses.size() - 1);
      assertThat(predictions.get(predictions.size() - 1)).isLessThan(0.8 * before);
      assertThat(course.steps).hasSize(20 * source.description.layers());
    }
  }

  @Test
  void aTrainingInWindowsThatIsResumedEndsAsOneThatIsNot() {
    try (Source source = new Source("olmoe", INT3, "compressed-tensors")) {
      List<byte[]> whole = windows(source, "whole", new Course());
      Course stopped = new Course();
      stopped.stopAt = 31;
      assertThatThrownBy(() -> windows(source, "resumed", stopped)).hasMessage("stopped");
      Course goesOn = new Course();
      List<byte[]> resumed = windows(source, "resumed", goesOn);
      assertThat(goesOn.steps).startsWith(29).endsWith(20 * source.description.layers());
      assertThat(resumed).usingRecursiveComparison().isEqualTo(whole);
      assertThat(whole).hasSize(source.description.layers() + 1);
    }
  }

  private List<byte[]> windows(Source source, String name, Course course) {
    Path own = folder.resolve(name);
    try (WindowedDistillation training = source.windows(1)) {
      return contents(training.train(sequences(8, 1), own::resolve, own.resolve("files"), course));
    }
  }

  @Test
  void littleMemoryChangesNothing() {
    List<byte[]> ample = new ArrayList<>();
    try (Source source = new Source("olmoe", INT3, "compressed-tensors")) {
      for (boolean little : new boolean[] {false, true}) {
        Distillation.Room room = new Distillation.Room(1 << 16, 1 << 20, little);
        Path name = folder.resolve("little-" + little);
        try (Distillation training = source.open(settings(0.02), room)) {
          training.train(sequences(4, 1), name.resolve("state"), (done, of, loss) -> false);
          List<byte[]> made = contents(training.write(name));
          if (little) {
            assertThat(made).usingRecursiveComparison().isEqualTo(ample);
          }
          ample.addAll(made);
        }
      }
    }
  }

  @Test
  void whatIsWrittenDecodesToWhatWasTrained() {
    try (Source source = new Source("olmoe", INT3, "compressed-tensors");
        Distillation training = source.open(settings(0.02))) {
      training.train(sequences(8, 1), folder.resolve("state"), (done, of, loss) -> false);
      DistilledFiles files = training.write(folder.resolve("files"));
      assertThat(files.checksums().keySet())
          .containsExactlyInAnyOrderElementsOf(source.plan.schemes().keySet());
      assertThat(files.norms())
          .contains("model.norm.weight", "model.layers.0.self_attn.q_norm.weight");
    }
  }

  private static TensorScheme scheme(NumberFormat number) {
    return TensorScheme.of(number, number.blockSize() == 0 ? 32 : number.blockSize());
  }

  private static DistillSettings settings(double rate) {
    return new DistillSettings(5, 2, rate, rate, rate / 10, 7);
  }

  private static boolean stopAtEleven(int done, int of, double loss) {
    if (done == 11) {
      throw new IllegalStateException("stopped");
    }
    return done == 7;
  }

  private static List<byte[]> contents(DistilledFiles files) {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files.files()) {
      try {
        contents.add(Files.readAllBytes(file));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
    return contents;
  }

  // Of 1024 and of 264.
  private static int tokens(String family) {
    return family.startsWith("olmoe") ? 900 : 250;
  }

  private static long[][] sequences(int count, long seed) {
    return sequences(count, seed, 900);
  }

  private static long[][] sequences(int count, long seed, int tokens) {
    Random random = new Random(seed);
    long[][] sequences = new long[count][24];
    for (long[] sequence : sequences) {
      for (int i = 0; i < sequence.length; i++) {
        sequence[i] = random.nextInt(tokens);
      }
    }
    return sequences;
  }

  /** A micro model, solved by GPTQ. */
  private final class Source implements AutoCloseable {

    private final Checkpoint checkpoint;
    private final ModelDescription description;
    private final QuantizationPlan plan;
    private final List<SafetensorsFile> solved = new ArrayList<>();
    private final Map<String, Integer> norms = new HashMap<>();
    private final TensorScope scope = torch.scope("test");

    Source(String family, TensorScheme scheme, String format) {
      String models = family.equals("olmoe-wide") ? "models" : "micro";
      checkpoint = Checkpoint.open(Path.of("src/test/resources", models, family));
      description = ModelFamilies.describe(checkpoint, null);
      Map<String, TensorScheme> schemes = new HashMap<>();
      for (ModuleDescription module : description.linears()) {
        if (!module.kind().isProtected() && scheme.divides(module.inFeatures())) {
          schemes.put(module.name(), scheme);
        }
      }
      StorageFormat storage = StorageFormats.named(format).orElseThrow();
      plan =
          new QuantizationPlan(
                  schemes,
                  new GptqOptions(0.01, 128, true, 2, 48),
                  false,
                  RoutingWeight.SCORE,
                  new Shrinkage(128.0),
                  storage,
                  Dtype.BF16,
                  sequences(8, 2, tokens(family)))
              .keepingSolutions();
      ModelFamilies.recognise(checkpoint, null).plainTensors().stream()
          .map(tensor -> tensor.info())
          .filter(info -> info.name().contains("norm"))
          .forEach(info -> norms.put(info.name(), TorchDtype.BFLOAT16.number()));
      solve();
    }

    private void solve() {
      try (TensorScope solving = torch.scope("solve")) {
        Model model = ModelFamilies.open(checkpoint, description, solving);
        MemoryPlan memory = new MemoryPlan(new ModelShape(description, 8 * 24).largest(), 0, 0);
        new ModelQuantizer(plan, memory)
            .quantize(
                solving,
                model,
                RunObserver.NONE,
                (layer, result, streams) -> {
                  Path file = folder.resolve("layer-" + layer);
                  SafetensorsWriter.write(file, result.tensors());
                  solved.add(SafetensorsFile.open(file));
                });
      }
    }

    Distillation open(DistillSettings settings) {
      return open(settings, new Distillation.Room(1 << 20, 1 << 20, false));
    }

    WindowedDistillation windows(int window) {
      return new WindowedDistillation(
          scope, model(), settings(0.02), new Distillation.Room(1 << 20, 1 << 20, false), window);
    }

    Distillation open(DistillSettings settings, Distillation.Room room) {
      return new Distillation(scope, model(), settings, room);
    }

    private SolvedModel model() {
      return new SolvedModel(checkpoint, WeightOverlay.NONE, description, plan, solved, norms);
    }

    @Override
    public void close() {
      solved.forEach(SafetensorsFile::close);
      scope.close();
      checkpoint.close();
    }
  }
}
