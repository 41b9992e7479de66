package org.alphaquant.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.ShardedWriter;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;
import tools.jackson.databind.json.JsonMapper;

/** A result as the Hugging Face hub has models: shards, config.json, tokenizer and the like. */
final class SafetensorsFolder {

  private static final JsonMapper JSON = JsonMapper.shared();

  private SafetensorsFolder() {}

  static List<WrittenFile> write(ResultFiles files) {
    List<TensorSource> named = new ArrayList<>();
    for (int i = 0; i < files.tensors().size(); i++) {
      TensorSource tensor = files.tensors().get(i);
      String name = files.planned().get(i).name();
      named.add(tensor.info().name().equals(name) ? tensor : tensor.renamed(name));
    }
    List<WrittenFile> written = ShardedWriter.write(files.folder(), named, files.maxShardBytes());
    try {
      Files.writeString(
          files.folder().resolve("config.json"),
          JSON.writerWithDefaultPrettyPrinter().writeValueAsString(files.config()) + "\n");
      Companions.of(files.source()).copy(files.folder(), files.links());
      return written;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
