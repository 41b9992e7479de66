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
 * Perplexity in llama.cpp of the same tensors in the same type: rounded by llama.cpp's own
 * quantizer, without and with the importance matrix of this program's calibration, and solved by
 * this program. Arguments: model folder, then types ({@code q4_k}).
 */
final class KQuantBench {

  private static final int WINDOW = 256;

  private final Path model;
  private final Path folder = Files.createTempDirectory("kquant");
  private final Engine engine = Engine.start().orElseThrow();
  private final long[][] windows;

  private KQuantBench(Path model) throws IOException {
    this.model = model;
    this.windows = windows(model);
  }

  public static void main(String[] arguments) throws IOException {
    KQuantBench bench = new KQuantBench(Path.of(arguments[0]));
    System.out.println(
        "| type | unquantized | llama.cpp | with importance matrix | this program |");
    System.out.println("|---|---|---|---|---|");
    for (String type : Arrays.copyOfRange(arguments, 1, arguments.length)) {
      bench.compare(type);
    }
    bench.engine.close();
    System.exit(0);
  }

  private void compare(String type) throws IOException {
    Path plain = Files.createDirectories(folder.resolve("plain"));
    ExportedModel.write(model, plain, GgufType.F32, Long.MAX_VALUE);
    TestContext job = TestContext.of(spec(type), folder.resolve(type));
    new QuantizationRun(
            new JobInputs(
                new SourceSettings(
                    new Roots(List.of(model.getParent())),
                    new Roots(List.of(Path.of("examples"))))))
        .run(job);
    Path result = job.artifactDirectory();
    Path rounded = Files.createDirectories(folder.resolve(type + "-rounded"));
    try (GgufFile source = GgufFile.open(plain.resolve("model.gguf"));
        GgufFile own = GgufFile.open(result.resolve("model.gguf"));
        GgufFile importance = GgufFile.open(result.resolve("imatrix.gguf"))) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.4f | %.4f | %.4f | %.4f |%n",
          type,
          perplexity(plain.resolve("model.gguf")),
          perplexity(write(rounded, "plainly", source, own, null)),
          perplexity(write(rounded, "weighted", source, own, importance)),
          perplexity(result.resolve("model.gguf")));
    }
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

  private double perplexity(Path file) {
    engine
        .load(file)
        .ifPresent(
            problem -> {
              throw new IllegalStateException(problem);
            });
    return engine.perplexity(windows);
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

  private JobSpec spec(String type) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "%s", "config": {"default": {"wq": "%s"}},
             "calibration": {"path": "text/calibration.jsonl", "samples": 128, "sequence_length": 256},
             "output": {"format": "gguf", "imatrix": true}}
            """
                .formatted(model.getFileName(), type),
            JobSpec.class);
  }
}
