package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.estimate.WorkEstimate;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * Quantizes a random model of a published shape and prints where its time went, and beside it what
 * GPTQ as published takes for the same matrices one after another, in the same process.
 *
 * <p>Arguments: shape, device ({@code cuda:0,cuda:1} for both together) and folder to work in, then
 * options {@code name=value}: {@code layers}, {@code samples}, {@code tokens}, {@code format}
 * (int4), {@code group} (128), {@code gptq} (the job's own JSON), {@code with} other sizes of
 * config.json ({@code num_experts:32,intermediate_size:512}), {@code repeat} runs, {@code
 * published=false} to leave the comparison out.
 */
final class QuantizationBench {

  private static final JsonMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();
  private static final int MATRICES = 8;

  private final ModelShape shape;
  private final String device;
  private final Path folder;
  private final Map<String, String> options;
  private final PrintStream out;

  QuantizationBench(
      ModelShape shape, String device, Path folder, Map<String, String> options, PrintStream out) {
    this.shape = shape;
    this.device = device;
    this.folder = folder;
    this.options = options;
    this.out = out;
  }

  public static void main(String[] arguments) throws IOException {
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 3; i < arguments.length; i++) {
      String[] option = arguments[i].split("=", 2);
      options.put(option[0], option[1]);
    }
    ModelShape shape = ModelShape.of(arguments[0]);
    new QuantizationBench(
            options.containsKey("with") ? shape.with(options.get("with")) : shape,
            arguments[1],
            Path.of(arguments[2]),
            options,
            System.out)
        .run();
  }

  void run() throws IOException {
    Path model = folder.resolve(shape.name());
    RandomCheckpoint checkpoint = new RandomCheckpoint(shape, layers(), model);
    long start = System.nanoTime();
    long bytes = checkpoint.write();
    checkpoint.writeText(folder.resolve("calibration.jsonl"), samples(), tokens());
    out.printf(
        "%s, %d of %d layers: %.2f GB of random bf16 weights written in %.1f s%n",
        shape.name(), layers(), shape.layers(), bytes / 1e9, seconds(start));
    double solve = 0;
    for (int i = 0; i < number("repeat", 1); i++) {
      solve = quantize();
    }
    if (!options.getOrDefault("published", "true").equals("false")) {
      published(solve);
    }
    delete(model);
  }

  /** One run; returns the seconds that solving took. */
  private double quantize() throws IOException {
    Roots roots = new Roots(List.of(folder.toAbsolutePath()));
    QuantizationRun run = new QuantizationRun(new JobInputs(new SourceSettings(roots, roots)));
    Path attempt = Files.createTempDirectory(folder, "attempt");
    TestContext context = new TestContext(spec(), device, attempt, List.of(), Integer.MAX_VALUE);
    long start = System.nanoTime();
    run.run(context);
    double whole = seconds(start);
    JsonNode report =
        JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
    double solve = print(report, whole);
    delete(attempt);
    return solve;
  }

  private JobSpec spec() {
    String body =
        """
        {"model": "%s",
         "config": {"default": {"wq": "%s", "group_size": %s}},
         "gptq": %s,
         "calibration": {"path": "calibration.jsonl", "samples": %d, "sequence_length": %d},
         "output": {"format": "compressed-tensors"}}
        """
            .formatted(
                shape.name(),
                options.getOrDefault("format", "int4"),
                options.getOrDefault("group", String.valueOf(group())),
                options.getOrDefault("gptq", "{}"),
                samples(),
                tokens());
    return JSON.readValue(body, JobSpec.class);
  }

  private double print(JsonNode report, double whole) {
    out.printf("%nrun on %s: %.2f s, from reading to verified%n", device, whole);
    double counted = 0;
    double perLayer = 0;
    double solve = 0;
    for (Map.Entry<String, JsonNode> stage : report.get("seconds").properties()) {
      double seconds = stage.getValue().asDouble();
      counted += seconds;
      if (stage.getKey().contains("/") || stage.getKey().equals("keep")) {
        perLayer += seconds;
      }
      solve = stage.getKey().equals("quantize/solve") ? seconds : solve;
      out.printf("  %-20s %8.2f s%n", stage.getKey(), seconds);
    }
    out.printf("  %-20s %8.2f s%n", "between stages", whole - counted);
    long all = (long) samples() * tokens();
    out.printf(
        "tokens %d, %.0f tokens/s through the whole of %d layers%n", all, all / whole, layers());
    rates(perLayer);
    Runtime heap = Runtime.getRuntime();
    out.printf(
        "peak memory %s, of it Java's heap %d%n", report.get("peak_memory"), heap.totalMemory());
    out.printf(
        "a layer: %.3f s; a whole model of %d layers: %.1f s%n",
        perLayer / layers(),
        shape.layers(),
        whole + perLayer / layers() * (shape.layers() - layers()));
    return solve;
  }

  // Operations by the service's own estimate, against what the device does in one large product.
  private void rates(double perLayer) {
    double operations =
        WorkEstimate.of(BenchWork.of(shape, layers(), samples(), tokens())).operations();
    try (Torch torch = Torch.open(device.split(",")[0]);
        TensorScope scope = torch.scope("rate")) {
      out.printf(
          "%.3f TFLOP/s of the estimated work while quantizing; one product: float32 %.3f, bfloat16 %.3f TFLOP/s%n",
          operations / perLayer / 1e12,
          rate(scope, TorchDtype.FLOAT32),
          rate(scope, TorchDtype.BFLOAT16));
    }
  }

  private double rate(TensorScope scope, TorchDtype dtype) {
    int size = device.equals("cpu") ? 512 : 8192;
    try (TensorScope work = scope.child("product")) {
      NDArray x = work.run("tensor.to_dtype", random(work, size, size), dtype.number());
      work.run("linear.apply", x, x);
      work.awaitDevice();
      long start = System.nanoTime();
      for (int i = 0; i < 3; i++) {
        work.run("linear.apply", x, x).close();
      }
      work.awaitDevice();
      return 3 * 2.0 * size * size * size / seconds(start) / 1e12;
    }
  }

  private static NDArray random(TensorScope scope, long rows, long columns) {
    return scope.run("published.random", scope.floats(new float[1], 1), rows, columns);
  }

  /** Eight matrices of each shape, one after another, and what all of the model's would take. */
  private void published(double solve) {
    out.printf("%nGPTQ as published, one matrix after another on the same device:%n");
    double all = 0;
    try (Torch torch = Torch.open(device.split(",")[0])) {
      for (Map.Entry<List<Integer>, Integer> group :
          BenchWork.matrices(shape, layers()).entrySet()) {
        double each = published(torch, group.getKey().get(0), group.getKey().get(1));
        all += each * group.getValue();
        out.printf(
            "  %s: %.1f ms each, %d of them%n", group.getKey(), each * 1e3, group.getValue());
      }
    }
    out.printf(
        "  all %.1f s; solved here in %.2f s: %.1f times as fast%n", all, solve, all / solve);
  }

  private double published(Torch torch, int rows, int columns) {
    try (TensorScope scope = torch.scope("published")) {
      NDArray x = random(scope, 2L * columns, columns);
      NDArray hessian = scope.run("tensor.zeros_square", x, columns);
      NDArray once = scope.run("tensor.ones_per_row", x);
      scope.runInPlace("hessian.add_rows", hessian, x, once, 16384);
      int group = Integer.parseInt(options.getOrDefault("group", String.valueOf(group())));
      long start = 0;
      for (int i = 0; i <= MATRICES; i++) {
        if (i == 1) {
          start = System.nanoTime();
        }
        try (TensorScope one = scope.child("matrix")) {
          NDArray weight = random(one, rows, columns);
          one.runAll("published.solve", weight, hessian, Math.min(group, columns), 4, 0.01, 128);
          one.awaitDevice();
        }
      }
      return seconds(start) / MATRICES;
    }
  }

  // DeepSeek-V2-Lite's dense layer has 10,944 = 171 x 64 inputs.
  private int group() {
    return switch (shape.name()) {
      case "tiny" -> 32;
      case "deepseek-v2-lite" -> 64;
      default -> 128;
    };
  }

  private int layers() {
    return number("layers", Math.min(shape.layers(), Math.max(2, shape.fewest())));
  }

  private int samples() {
    return number("samples", shape.name().equals("tiny") ? 8 : 128);
  }

  private int tokens() {
    return number("tokens", shape.name().equals("tiny") ? 64 : 2048);
  }

  private int number(String option, int otherwise) {
    return options.containsKey(option) ? Integer.parseInt(options.get(option)) : otherwise;
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path entry, IOException failure)
              throws IOException {
            Files.delete(entry);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
