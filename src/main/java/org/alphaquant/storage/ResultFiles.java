package org.alphaquant.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a format writes.
 *
 * @param folder of the result; exists
 * @param source folder of the source, for tokenizer and other companions
 * @param links which links in it may be followed
 * @param content what the result holds
 * @param config config.json of the result
 * @param planned every tensor
 * @param tensors the bytes of each, in the same order
 * @param maxShardBytes tensor bytes at which a file is full, where a format has shards
 */
public record ResultFiles(
    Path folder,
    Path source,
    Links links,
    Content content,
    JsonNode config,
    List<PlannedTensor> planned,
    List<TensorSource> tensors,
    long maxShardBytes) {

  private static final JsonMapper JSON = JsonMapper.shared();

  public ResultFiles {
    planned = List.copyOf(planned);
    tensors = List.copyOf(tensors);
    if (planned.size() != tensors.size()) {
      throw new IllegalArgumentException(
          "%d tensors are planned but %d are given".formatted(planned.size(), tensors.size()));
    }
  }

  /** Writes config.json and copies the source's companion files. */
  public void writeCompanions() {
    try {
      Files.writeString(
          folder.resolve("config.json"),
          JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
      Companions.of(source).copy(folder, links);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
