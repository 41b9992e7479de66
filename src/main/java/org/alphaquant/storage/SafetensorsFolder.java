package org.alphaquant.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.ShardedWriter;
import org.alphaquant.checkpoint.TensorSource;
import tools.jackson.databind.json.JsonMapper;

/** A result as the Hugging Face hub has models: shards, config.json, tokenizer and the like. */
final class SafetensorsFolder {

  // What an engine may want beside the weights; custom code belongs to hub-only architectures.
  private static final String COMPANIONS =
      "(tokenizer.*|special_tokens_map\\.json|added_tokens\\.json|vocab\\..*|merges\\.txt"
          + "|generation_config\\.json|chat_template.*|preprocessor_config\\.json|.*\\.tiktoken"
          + "|(configuration|modeling|tokenization)_.*\\.py|LICENSE.*|NOTICE.*)";

  private static final JsonMapper JSON = JsonMapper.shared();

  private SafetensorsFolder() {}

  static void write(ResultFiles files) {
    List<TensorSource> named = new ArrayList<>();
    for (int i = 0; i < files.tensors().size(); i++) {
      TensorSource tensor = files.tensors().get(i);
      String name = files.planned().get(i).name();
      named.add(tensor.info().name().equals(name) ? tensor : tensor.renamed(name));
    }
    ShardedWriter.write(files.folder(), named, files.maxShardBytes());
    try {
      Files.writeString(
          files.folder().resolve("config.json"),
          JSON.writerWithDefaultPrettyPrinter().writeValueAsString(files.config()) + "\n");
      copyCompanions(files.source(), files.folder());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copyCompanions(Path source, Path folder) throws IOException {
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (name.matches(COMPANIONS)) {
          Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }
}
