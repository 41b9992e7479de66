package org.alphaquant.run;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PlanAnswer;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import tools.jackson.databind.json.JsonMapper;

/**
 * Memory of card and host by model, as the service's own plan has it, in Markdown: {@code java -cp
 * target/test-classes:target/classes:... org.alphaquant.run.SizingTable}. The models are headers
 * without weights, which is all that a plan reads.
 */
final class SizingTable {

  /** By the names that people know the shapes of {@link ModelShape} by. */
  private static final Map<String, String> MODELS = models();

  private static final List<Integer> CARDS = List.of(16, 24, 48, 80);
  private static final long GIB = 1L << 30;
  private static final JsonMapper JSON = JsonMapper.shared();

  private static final String BODY =
      """
      {"model": "%s",
       "config": {"default": {"wq": "int4", "group_size": 128}},
       "calibration": {"samples": 128, "sequence_length": 2048},
       "output": {"format": "compressed-tensors"},
       "resources": {"memory_bytes": %d}}
      """;

  private final Path folder;

  SizingTable(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("sizing");
    System.out.print(new SizingTable(folder).text());
  }

  private static Map<String, String> models() {
    Map<String, String> models = new LinkedHashMap<>();
    models.put("olmoe-1b-7b", "OLMoE-1B-7B");
    models.put("deepseek-v2-lite", "DeepSeek-V2-Lite");
    models.put("qwen3-30b-a3b", "Qwen3-30B-A3B");
    models.put("mixtral-8x7b", "Mixtral-8x7B");
    return models;
  }

  /** The table, a line for each model. */
  String text() throws IOException {
    StringBuilder table =
        new StringBuilder("| model | before | after | host | 16 GiB | 24 GiB | 48 GiB | 80 GiB |\n")
            .append("|---|---|---|---|---|---|---|---|\n");
    JobPreparation preparation = preparation();
    for (Map.Entry<String, String> model : MODELS.entrySet()) {
      write(ModelShape.of(model.getKey()));
      table.append(line(model.getKey(), model.getValue(), preparation)).append('\n');
    }
    return table.toString();
  }

  private JobPreparation preparation() {
    Roots roots = new Roots(List.of(folder.toAbsolutePath()));
    return new JobPreparation(new JobInputs(new SourceSettings(roots, roots)));
  }

  private static String line(String folder, String name, JobPreparation preparation) {
    try (PreparedJob job = preparation.open(spec(folder, 0))) {
      JobPlan any = PlanAnswer.of(job);
      StringBuilder line =
          new StringBuilder(
              "| %s | %s GB | %s GB | %s GB |"
                  .formatted(
                      name,
                      gigabytes(any.bytes().before()),
                      gigabytes(any.bytes().after()),
                      gigabytes(any.memory().hostBytes())));
      CARDS.forEach(card -> line.append(cell(job, card * GIB)));
      return line.toString();
    }
  }

  private static String cell(PreparedJob job, long card) {
    JobSpec spec = spec(job.spec().model(), card);
    JobPlan.Memory memory =
        PlanAnswer.of(new PreparedJob(spec, job.model(), job.plain(), job.plan())).memory();
    return memory.deviceBytes() > card
        ? " no |"
        : " %.1f GiB, %d |".formatted((double) memory.deviceBytes() / GIB, memory.expertsAtOnce());
  }

  private static JobSpec spec(String model, long memory) {
    return JSON.readValue(BODY.formatted(model, memory), JobSpec.class);
  }

  private static String gigabytes(long bytes) {
    return "%.1f".formatted(bytes / 1e9);
  }

  /** One file with the header of every tensor, and a hole where their bytes would be. */
  private void write(ModelShape shape) throws IOException {
    Path model = Files.createDirectories(folder.resolve(shape.name()));
    Files.writeString(
        model.resolve("config.json"), JSON.writeValueAsString(shape.config(shape.layers())));
    Map<String, Object> header = new LinkedHashMap<>();
    long at = 0;
    for (int layer = -1; layer < shape.layers(); layer++) {
      for (Map.Entry<String, int[]> tensor : shape.tensors(layer).entrySet()) {
        long end = at + bytes(tensor.getValue());
        header.put(
            tensor.getKey(),
            Map.of(
                "dtype", "BF16", "shape", tensor.getValue(), "data_offsets", new long[] {at, end}));
        at = end;
      }
    }
    byte[] text = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile file =
        new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
      file.write(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(text.length)
              .array());
      file.write(text);
      file.setLength(Long.BYTES + text.length + at);
    }
  }

  private static long bytes(int[] shape) {
    long elements = 1;
    for (int size : shape) {
      elements *= size;
    }
    return Short.BYTES * elements;
  }
}
