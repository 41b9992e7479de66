package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
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
 * solved by it, and trained from there (recipe {@code distill}). Of each the mean Kullback-Leibler
 * divergence of its next-token distributions from the unquantized model's, in thousandths of a nat,
 * and its perplexity; where calibration counts, means over seeds, and of perplexities the range.
 * Then how much lower this program's loss is than each of llama.cpp's, in thousandths of a nat with
 * the 95 % interval over windows, whose losses are compared in pairs. Arguments: model folder,
 * number of seeds, on how many of them to train, types ({@code q4_k}). {@code
 * -Dalphaquant.sequences=N} trains on N sequences that the model writes beside real text.
 */
final class KQuantBench {

  private static final int WINDOW = 256;

  // The default settings but for the sequences that the model writes, which take most of the time.
  private static final String TRAINING =
      "\"distill\": {\"sequences\": "
          + Integer.getInteger("alphaquant.sequences", 0)
          + ", \"seed\": %d},";

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
        "| type | llama.cpp | with importance matrix | this program, rounding | this program"
            + " | its loss below llama.cpp's | with importance matrix | trained"
            + " | its loss below llama.cpp's | with importance matrix |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|");
    bench.unquantized();
    for (String type : Arrays.copyOfRange(arguments, 3, arguments.length)) {
      bench.compare(type, Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
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
    System.out.printf(
        Locale.ROOT, "| unquantized | %.4f | | | | | | | | |%n", Math.exp(loss / predicted()));
  }

  private void compare(String type, int seeds, int trainings) throws IOException {
    List<Figures> weighted = new ArrayList<>();
    List<Figures> trained = new ArrayList<>();
    List<Figures> solved = new ArrayList<>();
    List<Figures> plain = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      Path result = quantized(type, "moe", seed);
      Path rounded = Files.createDirectories(folder.resolve(type + "-rounded" + seed));
      try (GgufFile source = GgufFile.open(folder.resolve("plain/model.gguf"));
          GgufFile own = GgufFile.open(result.resolve("model.gguf"));
          GgufFile importance = GgufFile.open(result.resolve("imatrix.gguf"))) {
        if (seed == 0) {
          plain.add(figures(write(rounded, "plainly", source, own, null)));
        }
        weighted.add(figures(write(rounded, "weighted", source, own, importance)));
      }
      solved.add(figures(result.resolve("model.gguf")));
      if (seed < trainings) {
        trained.add(figures(quantized(type, "distill", seed).resolve("model.gguf")));
      }
    }
    Figures nearest = figures(quantized(type, "rounding", 0).resolve("model.gguf"));
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |%n",
        type,
        shown(plain),
        shown(weighted),
        shown(List.of(nearest)),
        shown(solved),
        below(solved, plain),
        below(solved, weighted),
        shown(trained),
        below(trained, plain),
        below(trained, weighted));
  }

  /**
   * What was measured of a file.
   *
   * @param divergence of all predictions, a mean
   * @param losses of each window, means
   */
  private record Figures(double divergence, double[] losses) {
    double perplexity() {
      return Math.exp(Arrays.stream(losses).average().orElseThrow());
    }
  }

  private static String shown(List<Figures> of) {
    if (of.isEmpty()) {
      return "";
    }
    double divergence = of.stream().mapToDouble(Figures::divergence).average().orElseThrow();
    DoubleSummaryStatistics all = of.stream().mapToDouble(Figures::perplexity).summaryStatistics();
    String mean = String.format(Locale.ROOT, "%.3f, %.4f", 1000 * divergence, all.getAverage());
    return of.size() == 1
        ? mean
        : mean + String.format(Locale.ROOT, " (%.4f–%.4f)", all.getMin(), all.getMax());
  }

  private String below(List<Figures> own, List<Figures> others) {
    if (own.isEmpty()) {
      return "";
    }
    double[] differences = new double[windows.length];
    for (int w = 0; w < windows.length; w++) {
      differences[w] = mean(others, w) - mean(own, w);
    }
    double mean = Arrays.stream(differences).average().orElseThrow();
    double squares = Arrays.stream(differences).map(d -> (d - mean) * (d - mean)).sum();
    double error = Math.sqrt(squares / (windows.length - 1.0) / windows.length);
    return String.format(Locale.ROOT, "%.2f ± %.2f", 1000 * mean, 1000 * 1.96 * error);
  }

  private static double mean(List<Figures> of, int window) {
    return of.stream().mapToDouble(one -> one.losses()[window]).average().orElseThrow();
  }

  private Path quantized(String type, String recipe, int seed) throws IOException {
    Path to = folder.resolve(type + "-" + recipe + seed);
    TestContext job = TestContext.of(spec(type, recipe, seed), to);
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

  private Figures figures(Path file) {
    load(file);
    double[] losses = new double[windows.length];
    double divergence = 0;
    for (int w = 0; w < windows.length; w++) {
      float[] own = logProbabilities(windows[w]);
      losses[w] = loss(own, windows[w]) / (WINDOW - 1);
      divergence += divergence(reference.get(w), own);
    }
    return new Figures(divergence / predicted(), losses);
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

  private JobSpec spec(String type, String recipe, int seed) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "%s", "recipe": "%s", "config": {"default": {"wq": "%s"}},
             "calibration": {"path": "text/calibration.jsonl", "samples": 128, "sequence_length": 256,
              "seed": %d}, %s
             "output": {"format": "gguf", "imatrix": true}}
            """
                .formatted(
                    model.getFileName(),
                    recipe,
                    type,
                    seed,
                    recipe.equals("distill") ? TRAINING.formatted(seed) : ""),
            JobSpec.class);
  }
}
