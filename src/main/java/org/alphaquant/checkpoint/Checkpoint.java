package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import tools.jackson.databind.JsonNode;

/**
 * A model folder in the Hugging Face layout: {@code config.json} and either {@code
 * model.safetensors} or the shards named by {@code model.safetensors.index.json}. Every header is
 * checked on opening; tensor data is memory-mapped and read only when asked for. Safe for use by
 * several threads.
 */
public final class Checkpoint implements AutoCloseable {

  private static final String CONFIG = "config.json";

  private final Path folder;
  private final Links links;
  private final JsonNode config;
  private final TensorFiles weights;

  private Checkpoint(Path folder, Links links, JsonNode config, TensorFiles weights) {
    this.folder = folder;
    this.links = links;
    this.config = config;
    this.weights = weights;
  }

  /**
   * Opens a folder.
   *
   * @throws CheckpointException if a file is missing, unreadable or malformed, if index and shards
   *     disagree, or if there are only pickled weights
   */
  public static Checkpoint open(Path folder) {
    return open(folder, Links.OWN);
  }

  /**
   * The same for an untrusted folder.
   *
   * @param links which links in it may be followed
   */
  public static Checkpoint open(Path folder, Links links) {
    JsonNode config = config(folder, links);
    return new Checkpoint(folder, links, config, WeightFiles.open(folder, links));
  }

  /**
   * A folder whose tensors are in files of another format.
   *
   * @param weights closed with the checkpoint, and where there is no config.json
   */
  public static Checkpoint of(Path folder, Links links, TensorFiles weights) {
    try {
      return new Checkpoint(folder, links, config(folder, links), weights);
    } catch (RuntimeException noConfig) {
      weights.close();
      throw noConfig;
    }
  }

  private static JsonNode config(Path folder, Links links) {
    if (!Files.isDirectory(folder)) {
      throw CheckpointException.of(Kind.NOT_A_FOLDER, folder, "is not a folder");
    }
    Path config = folder.resolve(CONFIG);
    if (!Files.isRegularFile(config)) {
      throw CheckpointException.of(Kind.CONFIG_MISSING, folder, "holds no " + CONFIG);
    }
    return JsonText.object(config, links, Kind.CONFIG_MALFORMED);
  }

  public Path folder() {
    return folder;
  }

  /** Which links in the folder may be followed. */
  public Links links() {
    return links;
  }

  /** The object in {@code config.json}. */
  public JsonNode config() {
    return config;
  }

  /** Tensor names, file by file, in the order of their data. */
  public Set<String> names() {
    return weights.names();
  }

  public boolean has(String name) {
    return weights.names().contains(name);
  }

  /**
   * @throws CheckpointException if there is no such tensor
   */
  public TensorInfo info(String name) {
    return holding(name).info(name);
  }

  /** The tensor's bytes, as {@link SafetensorsFile#bytes} gives them. */
  public List<ByteBuffer> bytes(String name) {
    return holding(name).bytes(name);
  }

  /** Reads the tensor piece by piece, as {@link SafetensorsFile#read} does. */
  public void read(String name, Consumer<ByteBuffer> piece) {
    holding(name).read(name, piece);
  }

  /** The tensor as something that can be written elsewhere. */
  public TensorSource source(String name) {
    return holding(name).source(name);
  }

  /** Bytes of all tensors together, without headers. */
  public long totalBytes() {
    return names().stream().mapToLong(name -> info(name).bytes()).sum();
  }

  /** The files of its tensors, in the order of their names. */
  public List<Path> files() {
    return weights.paths();
  }

  private TensorFiles holding(String name) {
    if (!has(name)) {
      throw CheckpointException.of(Kind.UNKNOWN_TENSOR, folder, "has no tensor " + quote(name));
    }
    return weights;
  }

  @Override
  public void close() {
    weights.close();
  }
}
