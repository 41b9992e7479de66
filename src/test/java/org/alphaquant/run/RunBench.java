package org.alphaquant.run;

import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.device.DeviceInventory;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderSize;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs job bodies on one device without a queue and prints what each took: the figures of
 * docs/performance.md.
 *
 * <p>Arguments: device ({@code auto} for the first that a worker would find), folder that model ids
 * and files are looked up in, and one or more files with a job's body.
 */
final class RunBench {

  private static final JsonMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private RunBench() {}

  public static void main(String[] arguments) throws Exception {
    String device = arguments[0].equals("auto") ? found() : arguments[0];
    Roots roots = new Roots(List.of(Path.of(arguments[1])));
    QuantizationRun run = new QuantizationRun(new JobInputs(new SourceSettings(roots, roots)));
    for (int i = 2; i < arguments.length; i++) {
      JobSpec spec = JSON.readValue(Path.of(arguments[i]).toFile(), JobSpec.class);
      Path folder = Files.createTempDirectory("run-bench");
      long start = System.nanoTime();
      long busy = busyNanos();
      TestContext context = new TestContext(spec, device, folder, List.of(), Integer.MAX_VALUE);
      JobResult result = run.run(context);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (result.ladder() != null) {
        System.out.printf(
            "%s on %s: %.1f s, %.1f s of the processor%n",
            arguments[i], device, seconds, (busyNanos() - busy) / 1e9);
        for (LadderSize size : result.ladder()) {
          print(size);
          JsonNode made =
              JSON.readTree(
                  context
                      .artifactDirectory()
                      .resolve(size.name())
                      .resolve("quantization_report.json")
                      .toFile());
          System.out.println("    seconds " + made.get("seconds"));
        }
        continue;
      }
      JsonNode report =
          JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
      System.out.printf(
          "%s on %s: %.1f s, %.1f s of the processor%n  result %s%n  seconds %s%n  peak memory %s%n",
          arguments[i],
          device,
          seconds,
          (busyNanos() - busy) / 1e9,
          JSON.writeValueAsString(List.of(result.bytes(), result.bitsPerWeight()))
              + (result.divergence() == null ? "" : " " + result.divergence().mean())
              + (result.perplexity() == null ? "" : " " + result.perplexity()),
          report.get("seconds"),
          report.get("peak_memory"));
      for (JsonNode tried : report.path("contract").path("tried")) {
        System.out.printf(
            "  tried %.3f bits %,d bytes: %s%n",
            tried.get("bits_per_weight").asDouble(),
            tried.get("bytes").asLong(),
            tried.get("verdict"));
      }
      if (report.has("contract")) {
        System.out.println("  proof " + report.at("/contract/proof"));
      }
    }
  }

  // What other programs take does not count, nor what a device does.
  private static long busyNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void print(LadderSize size) {
    System.out.printf(
        "  %-16s %.3f bits %,d bytes, perplexity %.4f, divergence %s, %.1f s%s%n",
        size.name(),
        size.bitsPerWeight(),
        size.bytes().after(),
        size.perplexity() == null ? Double.NaN : size.perplexity().after(),
        size.divergence() == null ? null : size.divergence().mean(),
        size.seconds(),
        Boolean.TRUE.equals(size.best()) ? " *" : "");
  }

  private static boolean cuda() {
    return Engine.getEngine("PyTorch").hasCapability(StandardCapabilities.CUDA);
  }

  private static String found() {
    return Stream.concat(
            DeviceInventory.gpus(RunBench::cuda).stream(), Stream.of(DeviceInventory.cpu()))
        .peek(device -> System.out.println("found " + device))
        .findFirst()
        .orElseThrow()
        .name();
  }
}
