package org.alphaquant.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The names of what an attempt leaves for a later one to go on with. A layer is finished when its
 * record is there, as that is written last; a later attempt goes on after the last finished layer
 * whose residual stream is there too.
 *
 * @param folder the attempt's
 */
public record AttemptLayout(Path folder) {

  /** What must agree for a later attempt to use the rest. */
  public Path fingerprint() {
    return folder.resolve("fingerprint");
  }

  /** What was measured of the source. */
  public Path perplexity() {
    return folder.resolve("perplexity.json");
  }

  /** Folder of what the source makes of the windows that the result is compared on. */
  public Path outputs() {
    return folder.resolve("source-outputs");
  }

  public Path layers() {
    return folder.resolve("layers");
  }

  /** A finished layer's tensors. */
  public static String tensors(int layer) {
    return "layer-%05d.safetensors".formatted(layer);
  }

  /** A finished layer's record. */
  public static String record(int layer) {
    return "layer-%05d.json".formatted(layer);
  }

  /** The residual stream that leaves a layer. */
  public Path stream(int layer) {
    return folder.resolve("stream-%05d.safetensors".formatted(layer));
  }

  /** How many layers have their records. */
  public int recorded() {
    int layers = 0;
    while (Files.exists(layers().resolve(record(layers)))) {
      layers++;
    }
    return layers;
  }

  /** How many layers a later attempt would take over. */
  public int usable() {
    for (int layer = recorded() - 1; layer >= 0; layer--) {
      if (Files.exists(stream(layer))) {
        return layer + 1;
      }
    }
    return 0;
  }

  /** The fingerprint's text; empty where the attempt did not come so far. */
  public Optional<String> signature() {
    try {
      return Optional.of(Files.readString(fingerprint()));
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }
}
