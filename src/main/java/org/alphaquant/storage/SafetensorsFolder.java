package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.ShardedWriter;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;

/** A result as the Hugging Face hub has models: shards, config.json, tokenizer and the like. */
final class SafetensorsFolder {

  private SafetensorsFolder() {}

  static List<WrittenFile> write(ResultFiles files) {
    List<TensorSource> named = new ArrayList<>();
    for (int i = 0; i < files.tensors().size(); i++) {
      TensorSource tensor = files.tensors().get(i);
      String name = files.planned().get(i).name();
      named.add(tensor.info().name().equals(name) ? tensor : tensor.renamed(name));
    }
    // Before the shards, whose last layer the run waits for.
    files.writeCompanions();
    return ShardedWriter.write(files.folder(), named, files.maxShardBytes());
  }
}
