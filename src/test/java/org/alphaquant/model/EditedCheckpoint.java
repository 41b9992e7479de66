package org.alphaquant.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A fixture with its config.json and tensors changed, written to a folder of its own. */
final class EditedCheckpoint {

  static final Path FIXTURES = Path.of("src/test/resources/micro");

  /** Smaller models with the settings that the fixtures leave out. */
  static final Path VARIANTS = Path.of("src/test/resources/variants");

  private static final JsonMapper JSON = new JsonMapper();

  private final ObjectNode config;
  private final Map<String, TensorSource> tensors = new TreeMap<>();

  private EditedCheckpoint(Checkpoint original) {
    this.config = original.config().deepCopy().asObject();
    original.names().forEach(name -> tensors.put(name, original.source(name)));
  }

  /** The fixtures, and the variants of another kind of experts. */
  static List<Path> withStackedExperts() throws IOException {
    Stream<Path> variants = Stream.of("gpt_oss", "gpt_oss_mxfp4").map(VARIANTS::resolve);
    try (Stream<Path> folders = Files.list(FIXTURES)) {
      return Stream.concat(folders.sorted(), variants).toList();
    }
  }

  /** The original must stay open until {@link #write}. */
  static EditedCheckpoint of(Checkpoint original) {
    return new EditedCheckpoint(original);
  }

  static Checkpoint fixture(String name) {
    return Checkpoint.open(FIXTURES.resolve(name));
  }

  /** Sets a key to a JSON value. */
  EditedCheckpoint set(String key, String json) {
    config.set(key, JSON.readTree(json));
    return this;
  }

  EditedCheckpoint unset(String... keys) {
    config.remove(List.of(keys));
    return this;
  }

  EditedCheckpoint drop(String name) {
    if (tensors.remove(name) == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return this;
  }

  EditedCheckpoint put(TensorSource tensor) {
    tensors.put(tensor.info().name(), tensor);
    return this;
  }

  /** A float32 tensor. */
  EditedCheckpoint put(String name, float[] values, Long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return put(TensorSource.of(new TensorInfo(name, Dtype.F32, List.of(shape)), bytes));
  }

  /** The tensor's bytes as they are in the original. */
  TensorSource tensor(String name) {
    return tensors.get(name);
  }

  EditedCheckpoint rename(UnaryOperator<String> change) {
    List<TensorSource> all = new ArrayList<>(tensors.values());
    tensors.clear();
    all.forEach(tensor -> put(tensor.renamed(change.apply(tensor.info().name()))));
    return this;
  }

  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    SafetensorsWriter.write(folder.resolve("model.safetensors"), new ArrayList<>(tensors.values()));
    JSON.writeValue(folder.resolve("config.json").toFile(), config);
    return folder;
  }
}
