package org.alphaquant.prepare;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model as transformers 5.18 writes it: its config.json and the headers of its files, without the
 * weights; and what its class takes for each key that config.json may lack. All of them were made
 * outside of the build and are in {@code names/transformers-5.18.jsonl.gz}, one a line.
 */
public record WrittenModel(JsonNode json) {

  /** The layout of published files. */
  public static final String PUBLISHED = "tensors";

  private static final Path ALL = Path.of("src/test/resources/names/transformers-5.18.jsonl.gz");

  public static List<WrittenModel> all() throws IOException {
    try (InputStream file = new GZIPInputStream(Files.newInputStream(ALL))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> new WrittenModel(JsonMapper.shared().readTree(line)))
          .toList();
    }
  }

  public String name() {
    return json.path("model").asString();
  }

  /** The names of a packed result that transformers reads, or would if it read the family. */
  List<String> packed() {
    return json.path("packed").valueStream().map(JsonNode::asString).toList();
  }

  /** Whether transformers found every tensor that it wanted in such a result, and no other. */
  boolean loadsPacked() {
    return json.path("loads_packed").asBoolean();
  }

  /** Its tensors in one of {@link #layouts}: dtype and shape by name. */
  Map<String, String> shapes(String layout) {
    Map<String, String> shapes = new TreeMap<>();
    json.path(layout)
        .forEachEntry((name, tensor) -> shapes.put(name, tensor.toString().replace("\"", "")));
    return shapes;
  }

  /**
   * Its layouts: {@link #PUBLISHED}; {@code in_memory}, which {@code save_original_format=False}
   * writes, where it is another; {@code saved}, what transformers writes where published files
   * differ.
   */
  List<String> layouts() {
    return Stream.of(PUBLISHED, "in_memory", "saved").filter(json::has).toList();
  }

  /** Keys that config.json may lack, with the objects that they are in before dots. */
  public Set<String> keysWithDefault() {
    return new TreeSet<>(json.path("missing").propertyNames());
  }

  /** Its config.json without a key. */
  public ObjectNode without(String key) {
    ObjectNode config = (ObjectNode) json.path("config").deepCopy();
    holder(config, key).remove(last(key));
    return config;
  }

  /** Its config.json with what the class of transformers takes for a missing key. */
  public ObjectNode withDefault(String key) {
    ObjectNode config = without(key);
    holder(config, key).set(last(key), json.path("missing").path(key));
    return config;
  }

  /** Its config.json with a null. */
  public ObjectNode withNull(String key) {
    ObjectNode config = without(key);
    holder(config, key).putNull(last(key));
    return config;
  }

  /** Whether a missing key means a list, as it does for a null one. */
  public boolean isList(String key) {
    return json.path("missing").path(key).isArray();
  }

  private static ObjectNode holder(ObjectNode config, String key) {
    JsonNode holder = config.has("text_config") ? config.path("text_config") : config;
    for (int dot = key.indexOf('.'), from = 0; dot > 0; dot = key.indexOf('.', from)) {
      holder = holder.path(key.substring(from, dot));
      from = dot + 1;
    }
    return (ObjectNode) holder;
  }

  private static String last(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }

  public void writeConfig(JsonNode config, Path folder) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.toString());
  }

  /**
   * Writes a checkpoint of zeros that takes no space.
   *
   * @param layout {@code tensors} or {@code in_memory}, as {@code save_original_format=False} has
   *     it
   */
  public void write(String layout, Path folder) throws IOException {
    Files.createDirectories(folder);
    writeConfig(json.path("config"), folder);
    ObjectNode header = JsonMapper.shared().createObjectNode();
    long end = 0;
    for (Map.Entry<String, JsonNode> tensor : json.path(layout).properties()) {
      List<JsonNode> parts = tensor.getValue().valueStream().toList();
      List<Long> shape = parts.stream().skip(1).map(JsonNode::asLong).toList();
      Dtype dtype = Dtype.valueOf(parts.get(0).asString());
      long bytes = new TensorInfo(tensor.getKey(), dtype, shape).bytes();
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", dtype.name());
      entry.putPOJO("shape", shape);
      entry.putArray("data_offsets").add(end).add(end + bytes);
      end += bytes;
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile file =
        new RandomAccessFile(folder.resolve("model.safetensors").toFile(), "rw")) {
      file.writeLong(Long.reverseBytes(text.length));
      file.write(text);
      file.setLength(Long.BYTES + text.length + end);
    }
  }
}
