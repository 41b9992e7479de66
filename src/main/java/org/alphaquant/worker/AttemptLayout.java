package org.alphaquant.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * File names of the checkpointed work that a later attempt resumes from. A layer is finished when
 * its record exists, because the record is written last; a later attempt resumes after the last
 * finished layer whose residual stream also exists.
 *
 * @param folder the attempt's folder
 */
public record AttemptLayout(Path folder) {

  /** Identifies the inputs; a later attempt resumes only if its own fingerprint is equal. */
  public Path fingerprint() {
    return folder.resolve("fingerprint");
  }

  /** Measurements of the source model. */
  public Path perplexity() {
    return folder.resolve("perplexity.json");
  }

  /** Folder with the source model's outputs, which the result is compared with. */
  public Path outputs() {
    return folder.resolve("source-outputs");
  }

  public Path layers() {
    return folder.resolve("layers");
  }

  /** File name of a finished layer's tensors. */
  public static String tensors(int layer) {
    return "layer-%05d.safetensors".formatted(layer);
  }

  /** File name of a finished layer's record. */
  public static String record(int layer) {
    return "layer-%05d.json".formatted(layer);
  }

  /** The residual stream after a layer. */
  public Path stream(int layer) {
    return folder.resolve("stream-%05d.safetensors".formatted(layer));
  }

  /** Number of leading layers with a record. */
  public int recorded() {
    int layers = 0;
    while (Files.exists(layers().resolve(record(layers)))) {
      layers++;
    }
    return layers;
  }

  /** Number of layers that a later attempt can reuse. */
  public int usable() {
    for (int layer = recorded() - 1; layer >= 0; layer--) {
      if (Files.exists(stream(layer))) {
        return layer + 1;
      }
    }
    return 0;
  }

  /** The text of the fingerprint; empty if the attempt ended before writing it. */
  public Optional<String> signature() {
    try {
      return Optional.of(Files.readString(fingerprint()));
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }
}
