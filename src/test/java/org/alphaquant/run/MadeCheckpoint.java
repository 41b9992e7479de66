package org.alphaquant.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorFiles;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.ModelFamilies;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A checkpoint of any size made from config.json alone: the family is asked for the model again and
 * again, and each tensor that it misses is made as it wants it.
 */
final class MadeCheckpoint implements TensorFiles {

  private static final Pattern MISSING =
      Pattern.compile("(\\S+) is missing; config.json asks for it with shape \\[([\\d, ]+)]");

  private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
  private final Random random = new Random(5);

  private MadeCheckpoint() {}

  /** Writes config.json and the weights it asks for, float32. */
  static void write(Path folder, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config);
    MadeCheckpoint made = new MadeCheckpoint();
    made.makeEmbedding(JsonMapper.shared().readTree(config));
    while (!made.isWhole(folder)) {
      // Each round makes one tensor.
    }
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"), List.copyOf(made.tensors.values()));
  }

  // Families find the prefix of their names by it, and whether there is a head of its own.
  private void makeEmbedding(JsonNode config) {
    long rows = config.path("vocab_size").asLong();
    List<Long> shape = List.of(rows, config.path("hidden_size").asLong());
    make("model.embed_tokens.weight", shape);
    if (!config.path("tie_word_embeddings").asBoolean(false)) {
      make("lm_head.weight", shape);
    }
  }

  private boolean isWhole(Path folder) {
    try {
      ModelFamilies.describe(Checkpoint.of(folder, Links.OWN, this), null);
      return true;
    } catch (ModelException e) {
      Matcher missing = MISSING.matcher(e.getMessage());
      if (!missing.find()) {
        throw e;
      }
      long[] shape =
          Arrays.stream(missing.group(2).split(", ")).mapToLong(Long::parseLong).toArray();
      make(missing.group(1), Arrays.stream(shape).boxed().toList());
      return false;
    }
  }

  private void make(String name, List<Long> shape) {
    TensorInfo info = new TensorInfo(name, Dtype.F32, shape);
    ByteBuffer bytes = ByteBuffer.allocate((int) info.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    double inputs = shape.size() > 1 ? shape.get(shape.size() - 1) : 0;
    while (bytes.hasRemaining()) {
      double normal = random.nextGaussian();
      boolean norm = name.endsWith("norm.weight");
      double value =
          inputs > 0 ? normal / Math.sqrt(inputs) : norm ? 1 + 0.1 * normal : 0.1 * normal;
      bytes.putFloat((float) value);
    }
    tensors.put(name, TensorSource.of(info, bytes.flip()));
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public TensorInfo info(String name) {
    return tensors.get(name).info();
  }

  @Override
  public List<ByteBuffer> bytes(String name) {
    throw new IllegalStateException(name + " is asked for by its shape alone");
  }

  @Override
  public TensorSource source(String name) {
    return tensors.get(name);
  }

  @Override
  public List<Path> paths() {
    return List.of();
  }

  @Override
  public void close() {}
}
