package org.alphaquant.run;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads a result as a stranger would, from the published descriptions of safetensors,
 * compressed-tensors, GPTQ, Quark and GGUF alone: what its files hold, and what its config.json
 * says of each module.
 */
final class ResultReader {

  /** A tensor's type and shape; bytes are those between its offsets. */
  record Tensor(String dtype, List<Long> shape, long bytes) {
    long elements() {
      return shape.stream().reduce(1L, (a, b) -> a * b);
    }
  }

  /**
   * How a module is said to be stored.
   *
   * @param method {@code plain}, or the name of the format
   * @param group inputs of one scale, -1 for a row
   */
  record Promise(String method, int bits, int group, boolean symmetric, boolean inputScale) {
    static final Promise PLAIN = new Promise("plain", 16, -1, true, false);
  }

  private final Path folder;
  private final JsonNode config;

  ResultReader(Path folder) {
    this.folder = folder;
    this.config =
        isGguf(folder) ? json("{}".getBytes()) : json(read(folder.resolve("config.json")));
  }

  JsonNode config() {
    return config;
  }

  boolean isGguf() {
    return isGguf(folder);
  }

  private static boolean isGguf(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(GgufReader::isModel);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  Map<String, Tensor> tensors() throws IOException {
    Map<String, Tensor> tensors = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(GgufReader::isModel).toList()) {
        tensors.putAll(GgufReader.tensors(file));
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(it -> it.toString().endsWith(".safetensors")).toList()) {
        header(file)
            .properties()
            .forEach(
                entry -> {
                  if (!entry.getKey().equals("__metadata__")) {
                    tensors.put(entry.getKey(), tensor(entry.getValue()));
                  }
                });
      }
    }
    return tensors;
  }

  private static JsonNode header(Path file) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      byte[] header = new byte[Math.toIntExact(Long.reverseBytes(in.readLong()))];
      in.readFully(header);
      return json(header);
    }
  }

  private static Tensor tensor(JsonNode entry) {
    List<Long> shape = new ArrayList<>();
    entry.get("shape").forEach(dimension -> shape.add(dimension.asLong()));
    JsonNode offsets = entry.get("data_offsets");
    long bytes = offsets.get(1).asLong() - offsets.get(0).asLong();
    return new Tensor(entry.get("dtype").asString(), shape, bytes);
  }

  /** What config.json says of a module. */
  Promise promise(String module) {
    JsonNode quantization = config.path("quantization_config");
    return switch (quantization.path("quant_method").asString("")) {
      case "compressed-tensors" -> compressedTensors(quantization, module);
      case "gptq" -> gptq(quantization, module);
      case "quark" -> quark(quantization, module);
      default -> Promise.PLAIN;
    };
  }

  private static Promise compressedTensors(JsonNode quantization, String module) {
    if (matches(quantization.get("ignore"), module)) {
      return Promise.PLAIN;
    }
    Promise byClass = Promise.PLAIN;
    for (JsonNode group : quantization.get("config_groups")) {
      if (matches(group.get("targets"), module)) {
        return promise(group);
      }
      // The class of a linear is not that of an embedding.
      if (group.get("targets").get(0).asString().equals("Linear") && !isEmbedding(module)) {
        byClass = promise(group);
      }
    }
    return byClass;
  }

  private static boolean isEmbedding(String module) {
    return module.endsWith("embed_tokens");
  }

  private static Promise promise(JsonNode group) {
    JsonNode weights = group.get("weights");
    boolean row = weights.get("strategy").asString().equals("channel");
    return new Promise(
        group.get("format").asString(),
        weights.get("num_bits").asInt(),
        row ? -1 : weights.get("group_size").asInt(),
        weights.get("symmetric").asBoolean(),
        group.at("/input_activations/dynamic").asString("").equals("local"));
  }

  private static boolean matches(JsonNode targets, String module) {
    for (JsonNode target : targets) {
      String text = target.asString();
      boolean hit =
          text.startsWith("re:")
              ? Pattern.compile(text.substring(3)).matcher(module).lookingAt()
              : text.equals(module);
      if (hit) {
        return true;
      }
    }
    return false;
  }

  private static Promise gptq(JsonNode quantization, String module) {
    int bits = quantization.get("bits").asInt();
    int group = quantization.get("group_size").asInt();
    if (module.equals("lm_head") && !quantization.get("lm_head").asBoolean()) {
      return Promise.PLAIN;
    }
    for (Map.Entry<String, JsonNode> rule : quantization.path("dynamic").properties()) {
      if (Pattern.compile(rule.getKey().substring(2)).matcher(module).lookingAt()) {
        return rule.getKey().startsWith("-:")
            ? Promise.PLAIN
            : new Promise(
                "gptq",
                rule.getValue().get("bits").asInt(),
                rule.getValue().get("group_size").asInt(),
                true,
                false);
      }
    }
    return new Promise("gptq", bits, group, true, false);
  }

  private static Promise quark(JsonNode quantization, String module) {
    if (matches(quantization.get("exclude"), module)) {
      return Promise.PLAIN;
    }
    for (Map.Entry<String, JsonNode> rule : quantization.get("layer_quant_config").properties()) {
      String expression = rule.getKey().replace(".", "\\.").replace("*", ".*");
      if (module.matches(expression)) {
        return quark(rule.getValue());
      }
    }
    return quark(quantization.get("global_quant_config"));
  }

  private static Promise quark(JsonNode scheme) {
    JsonNode weight = scheme.get("weight");
    int bits = weight.get("dtype").asString().startsWith("fp4") ? 4 : 6;
    return new Promise("quark", bits, weight.get("group_size").asInt(), true, false);
  }

  /** The suffixes and shapes that a weight [n, k] has when it is stored as promised. */
  static Map<String, List<Long>> planes(Promise promise, long n, long k) {
    long groups = promise.group() < 0 ? 1 : k / promise.group();
    Map<String, List<Long>> planes = new TreeMap<>();
    switch (promise.method()) {
      case "pack-quantized" -> {
        planes.put("weight_packed", List.of(n, words(k, promise)));
        planes.put("weight_scale", List.of(n, groups));
        planes.put("weight_shape", List.of(2L));
        if (!promise.symmetric()) {
          planes.put("weight_zero_point", List.of(words(n, promise), groups));
        }
      }
      case "int-quantized" -> {
        planes.put("weight", List.of(n, k));
        planes.put("weight_scale", List.of(n, groups));
        if (!promise.symmetric()) {
          planes.put("weight_zero_point", List.of(n, groups));
        }
      }
      case "float-quantized", "naive-quantized", "mxfp8-quantized" -> {
        planes.put("weight", List.of(n, k));
        planes.put("weight_scale", List.of(n, groups));
      }
      case "mxfp4-pack-quantized" -> {
        planes.put("weight_packed", List.of(n, k / 2));
        planes.put("weight_scale", List.of(n, groups));
      }
      case "nvfp4-pack-quantized" -> {
        planes.put("weight_packed", List.of(n, k / 2));
        planes.put("weight_scale", List.of(n, groups));
        planes.put("weight_global_scale", List.of(1L));
        if (promise.inputScale()) {
          planes.put("input_global_scale", List.of(1L));
        }
      }
      case "gptq" -> {
        planes.put("qweight", List.of(words(k, promise), n));
        planes.put("qzeros", List.of(groups, words(n, promise)));
        planes.put("scales", List.of(groups, n));
        planes.put("g_idx", List.of(k));
      }
      case "quark" -> {
        planes.put("weight", List.of(n, k * promise.bits() / 8));
        planes.put("weight_scale", List.of(n, groups));
      }
      default -> planes.put("weight", List.of(n, k));
    }
    return planes;
  }

  private static long words(long count, Promise promise) {
    return (count * promise.bits() + 31) / 32;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode json(byte[] bytes) {
    return JsonMapper.shared().readTree(new String(bytes, StandardCharsets.UTF_8));
  }
}
