package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * A checkpoint of a published shape with normally distributed bf16 weights, a tokenizer of whole
 * words and a text for it. Every tensor is another stretch of one pool of numbers, which is as good
 * as random for timing and takes no longer than writing.
 */
record RandomCheckpoint(ModelShape shape, int layers, Path folder) {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int POOL = 1 << 24;
  private static final double DEVIATION = 0.02;
  private static final int WORDS = 4096;

  /** Writes everything; returns the bytes of the weights. */
  long write() throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), JSON.writeValueAsString(shape.config(layers)));
    ByteBuffer pool = pool();
    Map<String, String> placed = new LinkedHashMap<>();
    for (int layer = -1; layer < layers; layer++) {
      String file = file(layer);
      shape.tensors(layer).keySet().forEach(name -> placed.put(name, file));
    }
    long bytes =
        IntStream.range(-1, layers).parallel().mapToLong(layer -> write(layer, pool)).sum();
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        JSON.writeValueAsString(
            Map.of("metadata", Map.of("total_size", bytes), "weight_map", placed)));
    return bytes;
  }

  /** A text of {@code samples} documents of at least so many tokens each. */
  void writeText(Path file, int samples, int tokens) throws IOException {
    Random random = new Random(7);
    int words = words();
    List<String> lines =
        IntStream.range(0, samples)
            .mapToObj(
                i ->
                    "{\"text\":\""
                        + random
                            .ints(tokens + 1L, 0, words)
                            .mapToObj(word -> "w" + word)
                            .collect(Collectors.joining(" "))
                        + "\"}")
            .toList();
    Files.write(file, lines);
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer(words));
  }

  private int words() {
    return Math.min(WORDS, shape.vocabulary());
  }

  private static String tokenizer(int words) {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    IntStream.range(0, words).forEach(word -> vocabulary.put("w" + word, word));
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "WordLevel");
    model.put("vocab", vocabulary);
    model.put("unk_token", "w0");
    Map<String, Object> tokenizer = new LinkedHashMap<>();
    tokenizer.put("version", "1.0");
    tokenizer.put("added_tokens", List.of());
    tokenizer.put("pre_tokenizer", Map.of("type", "WhitespaceSplit"));
    tokenizer.put("model", model);
    return JSON.writeValueAsString(tokenizer);
  }

  private static String file(int layer) {
    return "model-%05d.safetensors".formatted(layer + 1);
  }

  private long write(int layer, ByteBuffer pool) {
    Map<String, Object> header = new LinkedHashMap<>();
    long at = 0;
    Map<String, int[]> tensors = shape.tensors(layer);
    for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
      long bytes = bytes(tensor.getValue());
      header.put(
          tensor.getKey(),
          Map.of(
              "dtype",
              "BF16",
              "shape",
              tensor.getValue(),
              "data_offsets",
              List.of(at, at + bytes)));
      at += bytes;
    }
    byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve(file(layer)),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeAll(channel, length.putLong(json.length).flip());
      writeAll(channel, ByteBuffer.wrap(json));
      Random random = new Random(layer);
      for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
        weights(channel, tensor.getKey(), bytes(tensor.getValue()), pool, random);
      }
      return at;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void weights(
      FileChannel channel, String name, long bytes, ByteBuffer pool, Random random)
      throws IOException {
    if (name.endsWith("norm.weight")) {
      writeAll(channel, ones((int) bytes));
      return;
    }
    long left = bytes;
    while (left > 0) {
      int from = Short.BYTES * random.nextInt(POOL / 2);
      int size = (int) Math.min(left, pool.capacity() - from);
      writeAll(channel, pool.slice(from, size));
      left -= size;
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static long bytes(int[] shape) {
    return IntStream.of(shape).asLongStream().reduce(Short.BYTES, Math::multiplyExact);
  }

  private static ByteBuffer ones(int bytes) {
    ByteBuffer ones = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (ones.hasRemaining()) {
      ones.putShort(bf16(1));
    }
    return ones.flip();
  }

  private static ByteBuffer pool() {
    ByteBuffer pool = ByteBuffer.allocateDirect(POOL * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(1);
    while (pool.hasRemaining()) {
      pool.putShort(bf16((float) (DEVIATION * random.nextGaussian())));
    }
    return pool.flip();
  }

  private static short bf16(float value) {
    return (short) ((Float.floatToRawIntBits(value) + 0x8000) >>> 16);
  }
}
