package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.job.JobSpec;
import org.alphaquant.llamacpp.Engine;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.run.QuantizationRun;
import org.alphaquant.run.TestContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * The same tensors in the same type, run by llama.cpp: rounded by llama.cpp's own quantizer,
 * without and with the importance matrix of this program's calibration, rounded by this program,
 * and solved by it. Of each the mean Kullback-Leibler divergence of its next-token distributions
 * from the unquantized model's, in thousandths of a nat, and its perplexity. Arguments: model
 * folder, then types ({@code q4_k}).
 */
final class KQuantBench {

  private static final int WINDOW = 256;

  private final Path model;
  private final Path folder = Files.createTempDirectory("kquant");
  private final Engine engine = Engine.start().orElseThrow();
  private final long[][] windows;
  private final List<float[]> reference = new ArrayList<>();

  private KQuantBench(Path model) throws IOException {
    this.model = model;
    this.windows = windows(model);
  }

  public static void main(String[] arguments) throws IOException {
    KQuantBench bench = new KQuantBench(Path.of(arguments[0]));
    System.out.println(
        "| type | llama.cpp | with importance matrix | this program, rounding | this program |");
    System.out.println("|---|---|---|---|---|");
    bench.unquantized();
    for (String type : Arrays.copyOfRange(arguments, 1, arguments.length)) {
      bench.compare(type);
    }
    bench.engine.close();
    System.exit(0);
  }

  private void unquantized() throws IOException {
    Path plain = Files.createDirectories(folder.resolve("plain"));
    ExportedModel.write(model, plain, GgufType.F32, Long.MAX_VALUE);
    load(plain.resolve("model.gguf"));
    double loss = 0;
    for (long[] window : windows) {
      float[] own = logProbabilities(window);
      reference.add(own);
      loss += loss(own, window);
    }
    System.out.printf(Locale.ROOT, "| unquantized | %.4f | | | |%n", Math.exp(loss / predicted()));
  }

  private void compare(String type) throws IOException {
    Path result = quantized(type, "moe");
    Path nearest = quantized(type, "rounding");
    Path rounded = Files.createDirectories(folder.resolve(type + "-rounded"));
    try (GgufFile source = GgufFile.open(folder.resolve("plain/model.gguf"));
        GgufFile own = GgufFile.open(result.resolve("model.gguf"));
        GgufFile importance = GgufFile.open(result.resolve("imatrix.gguf"))) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %s | %s |%n",
          type,
          figures(write(rounded, "plainly", source, own, null)),
          figures(write(rounded, "weighted", source, own, importance)),
          figures(nearest.resolve("model.gguf")),
          figures(result.resolve("model.gguf")));
    }
  }

  private Path quantized(String type, String recipe) throws IOException {
    TestContext job = TestContext.of(spec(type, recipe), folder.resolve(type + "-" + recipe));
    SourceSettings settings =
        new SourceSettings(
            new Roots(List.of(model.toAbsolutePath().getParent())),
            new Roots(List.of(Path.of("examples"))));
    new QuantizationRun(new JobInputs(settings)).run(job);
    return job.artifactDirectory();
  }

  private Path write(Path to, String name, GgufFile source, GgufFile own, GgufFile importance) {
    List<GgufTensor> tensors = new ArrayList<>();
    for (GgufFile.Stored stored : own.tensors().values()) {
      tensors.add(
          stored.type().isQuantized()
              ? rounded(source, stored, importance)
              : new GgufTensor(
                  stored.name(),
                  stored.type(),
                  stored.shape(),
                  channel -> channel.write(own.bytes(stored, 0, (int) stored.bytes()))));
    }
    GgufWriter.write(to, name, own.metadata(), tensors, Long.MAX_VALUE);
    return to.resolve(name + ".gguf");
  }

  // Matrix by matrix, as experts have their own importance.
  private GgufTensor rounded(GgufFile source, GgufFile.Stored stored, GgufFile importance) {
    int row = stored.shape().get(stored.shape().size() - 1).intValue();
    int matrices = stored.shape().size() == 3 ? stored.shape().get(0).intValue() : 1;
    GgufFile.Stored from = source.tensors().get(stored.name());
    float[] all = floats(source.bytes(from, 0, (int) from.bytes()));
    int each = all.length / matrices;
    int bytes = (int) stored.bytes() / matrices;
    ByteBuffer blocks = ByteBuffer.allocate((int) stored.bytes());
    for (int m = 0; m < matrices; m++) {
      float[] weights = Arrays.copyOfRange(all, m * each, (m + 1) * each);
      float[] of = importance == null ? null : sums(importance, stored.name(), m, row);
      blocks.put(engine.quantize(stored.type().id(), weights, row, bytes, of));
    }
    return new GgufTensor(
        stored.name(),
        stored.type(),
        stored.shape(),
        channel -> channel.write(blocks.duplicate().flip()));
  }

  private static float[] sums(GgufFile importance, String name, int matrix, int row) {
    Map<String, GgufFile.Stored> tensors = importance.tensors();
    GgufFile.Stored sums = tensors.get(name + ".in_sum2");
    GgufFile.Stored counts = tensors.get(name + ".counts");
    float[] values = floats(importance.bytes(sums, (long) matrix * row * 4, row * 4));
    float count = importance.bytes(counts, matrix * 4L, 4).getFloat();
    for (int i = 0; i < row; i++) {
      values[i] /= count;
    }
    return values;
  }

  private static float[] floats(ByteBuffer bytes) {
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  private String figures(Path file) {
    load(file);
    double loss = 0;
    double divergence = 0;
    for (int w = 0; w < windows.length; w++) {
      float[] own = logProbabilities(windows[w]);
      loss += loss(own, windows[w]);
      divergence += divergence(reference.get(w), own);
    }
    return String.format(
        Locale.ROOT, "%.3f, %.4f", 1000 * divergence / predicted(), Math.exp(loss / predicted()));
  }

  private void load(Path file) {
    engine
        .load(file)
        .ifPresent(
            problem -> {
              throw new IllegalStateException(problem);
            });
  }

  private int predicted() {
    return windows.length * (WINDOW - 1);
  }

  private float[] logProbabilities(long[] window) {
    float[] logits = engine.logits(Arrays.stream(window).mapToInt(id -> (int) id).toArray());
    int vocabulary = logits.length / WINDOW;
    for (int first = 0; first < logits.length; first += vocabulary) {
      double sum = 0;
      for (int i = first; i < first + vocabulary; i++) {
        sum += Math.exp(logits[i]);
      }
      for (int i = first; i < first + vocabulary; i++) {
        logits[i] -= (float) Math.log(sum);
      }
    }
    return logits;
  }

  private static double loss(float[] own, long[] window) {
    int vocabulary = own.length / WINDOW;
    double sum = 0;
    for (int i = 0; i + 1 < WINDOW; i++) {
      sum -= own[i * vocabulary + (int) window[i + 1]];
    }
    return sum;
  }

  private static double divergence(float[] of, float[] from) {
    double sum = 0;
    for (int i = 0; i < of.length / WINDOW * (WINDOW - 1); i++) {
      sum += Math.exp(of[i]) * (of[i] - from[i]);
    }
    return sum;
  }

  private static long[][] windows(Path model) throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      long[] ids =
          tokenizer.encodeWithoutSpecialTokens(Files.readString(Path.of("examples/text/eval.txt")));
      long[][] windows = new long[ids.length / WINDOW][];
      for (int i = 0; i < windows.length; i++) {
        windows[i] = Arrays.copyOfRange(ids, i * WINDOW, (i + 1) * WINDOW);
      }
      return windows;
    }
  }

  private JobSpec spec(String type, String recipe) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "%s", "recipe": "%s", "config": {"default": {"wq": "%s"}},
             "calibration": {"path": "text/calibration.jsonl", "samples": 128, "sequence_length": 256},
             "output": {"format": "gguf", "imatrix": true}}
            """
                .formatted(model.getFileName(), recipe, type),
            JobSpec.class);
  }
}
