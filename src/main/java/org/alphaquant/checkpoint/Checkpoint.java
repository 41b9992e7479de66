package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
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
  private final WeightFiles weights;

  private Checkpoint(Path folder, Links links, JsonNode config, WeightFiles weights) {
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
   * The same for a folder of somebody else.
   *
   * @param links which links in it may be followed
   */
  public static Checkpoint open(Path folder, Links links) {
    if (!Files.isDirectory(folder)) {
      throw CheckpointException.of(Kind.NOT_A_FOLDER, folder, "is not a folder");
    }
    Path config = folder.resolve(CONFIG);
    if (!Files.isRegularFile(config)) {
      throw CheckpointException.of(Kind.CONFIG_MISSING, folder, "holds no " + CONFIG);
    }
    return new Checkpoint(
        folder,
        links,
        JsonText.object(config, links, Kind.CONFIG_MALFORMED),
        WeightFiles.open(folder, links));
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
    return Collections.unmodifiableSet(weights.byTensor().keySet());
  }

  public boolean has(String name) {
    return weights.byTensor().containsKey(name);
  }

  /**
   * @throws CheckpointException if there is no such tensor
   */
  public TensorInfo info(String name) {
    return file(name).info(name);
  }

  /** The tensor's bytes, as {@link SafetensorsFile#bytes} gives them. */
  public List<ByteBuffer> bytes(String name) {
    return file(name).bytes(name);
  }

  /** The tensor as something that can be written elsewhere. */
  public TensorSource source(String name) {
    return file(name).source(name);
  }

  /** Bytes of all tensors together, without headers. */
  public long totalBytes() {
    return names().stream().mapToLong(name -> info(name).bytes()).sum();
  }

  /** The safetensors files, in the order of their names. */
  public List<Path> files() {
    return weights.files().stream().map(SafetensorsFile::path).toList();
  }

  private SafetensorsFile file(String name) {
    SafetensorsFile file = weights.byTensor().get(name);
    if (file == null) {
      throw CheckpointException.of(Kind.UNKNOWN_TENSOR, folder, "has no tensor " + quote(name));
    }
    return file;
  }

  @Override
  public void close() {
    weights.files().forEach(SafetensorsFile::close);
  }
}
