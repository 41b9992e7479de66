package org.alphaquant.storage;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorSource;
import tools.jackson.databind.JsonNode;

/**
 * What a format is to write.
 *
 * @param folder where to; exists
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

  public ResultFiles {
    planned = List.copyOf(planned);
    tensors = List.copyOf(tensors);
    if (planned.size() != tensors.size()) {
      throw new IllegalArgumentException(
          "%d tensors are planned but %d are given".formatted(planned.size(), tensors.size()));
    }
  }
}
