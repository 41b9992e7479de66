package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutOfCoreTest {

  private static final int HEAP = 64 << 20;
  private static final int DIRECT = 16 << 20;
  private static final int HIDDEN = 1024;
  private static final int INTERMEDIATE = 3072;
  private static final int LAYERS = 34;
  private static final int VOCABULARY = 1024;
  private static final byte[] NOISE = noise();

  @TempDir Path folder;

  @Test
  void aCheckpointTenTimesAsLargeAsHeapAndDirectMemoryIsQuantized() throws Exception {
    Path model = Files.createDirectory(folder.resolve("large"));
    write(model);
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      assertThat(checkpoint.totalBytes()).isGreaterThan(10L * (HEAP + DIRECT));
    }
    Files.copy(Path.of("src/test/resources/text/short.txt"), folder.resolve("short.txt"));
    Path job = folder.resolve("job.json");
    Files.writeString(
        job,
        """
        {"model": "large", "config": {"default": {"wq": "int4", "group_size": 128},
          "overrides": [{"pattern": "model.layers.*", "skip": true},
                        {"pattern": "model.layers.1[0-1].*", "skip": false}]},
         "gptq": {"sweeps": 0, "scale_search": false},
         "calibration": {"path": "short.txt", "samples": 2, "sequence_length": 64}}
        """);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP,
                "-XX:MaxDirectMemorySize=" + DIRECT,
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                "org.alphaquant.run.RunBench",
                "cpu",
                folder.toString(),
                job.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(output).contains("peak memory");
    assertThat(process.exitValue()).as(output).isZero();
  }

  private static void write(Path model) throws IOException {
    Files.copy(
        Path.of("examples/models/olmoe-demo/tokenizer.json"), model.resolve("tokenizer.json"));
    Files.writeString(
        model.resolve("config.json"),
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": %d,
         "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": 8,
         "num_key_value_heads": 8, "vocab_size": %d, "rms_norm_eps": 1e-5, "hidden_act": "silu",
         "max_position_embeddings": 2048, "rope_theta": 10000.0, "tie_word_embeddings": true,
         "torch_dtype": "bfloat16"}
        """
            .formatted(HIDDEN, INTERMEDIATE, LAYERS, VOCABULARY));
    List<TensorSource> tensors = new ArrayList<>();
    tensors.add(random("model.embed_tokens", VOCABULARY, HIDDEN));
    tensors.add(ones("model.norm"));
    for (int i = 0; i < LAYERS; i++) {
      String layer = "model.layers." + i + ".";
      tensors.add(ones(layer + "input_layernorm"));
      tensors.add(ones(layer + "post_attention_layernorm"));
      for (String projection : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        tensors.add(random(layer + "self_attn." + projection, HIDDEN, HIDDEN));
      }
      tensors.add(random(layer + "mlp.gate_proj", INTERMEDIATE, HIDDEN));
      tensors.add(random(layer + "mlp.up_proj", INTERMEDIATE, HIDDEN));
      tensors.add(random(layer + "mlp.down_proj", HIDDEN, INTERMEDIATE));
    }
    SafetensorsWriter.write(model.resolve("model.safetensors"), tensors);
  }

  private static TensorSource random(String module, long rows, long columns) {
    TensorInfo info = new TensorInfo(module + ".weight", Dtype.BF16, List.of(rows, columns));
    return TensorSource.lazy(info, () -> List.of(noise(module.hashCode(), info.elements())));
  }

  private static TensorSource ones(String module) {
    TensorInfo info = new TensorInfo(module + ".weight", Dtype.BF16, List.of((long) HIDDEN));
    ByteBuffer bytes = ByteBuffer.allocate(2 * HIDDEN).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putShort((short) 0x3f80);
    }
    return TensorSource.of(info, bytes.flip());
  }

  // Half a billion numbers are cut from one piece of noise, whose length is no multiple of a row's.
  private static ByteBuffer noise(int seed, long elements) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(2 * elements));
    int from = 2 * Math.floorMod(seed, NOISE.length / 2);
    while (bytes.hasRemaining()) {
      int length = Math.min(bytes.remaining(), NOISE.length - from);
      bytes.put(NOISE, from, length);
      from = 0;
    }
    return bytes.flip();
  }

  // bfloat16 of either sign between 2^-7 and 2^-5.
  private static byte[] noise() {
    Random random = new Random(1);
    ByteBuffer bytes = ByteBuffer.allocate(2 * 1_000_003).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putShort((short) (0x3c00 | random.nextInt() & 0x80ff));
    }
    return bytes.array();
  }
}
