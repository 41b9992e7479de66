package org.alphaquant.model.design;

import java.util.List;
import org.alphaquant.architecture.ModelConfig;

/** Tells which layers use rotary embeddings in models where some do not (NoPE). */
public final class RotatedLayers {

  private static final String KEY = "no_rope_layers";

  private RotatedLayers() {}

  /**
   * Whether a layer rotates: its entry of {@code no_rope_layers} is 1, or without that list, it is
   * not an n-th one.
   *
   * @param interval what a missing {@code no_rope_layer_interval} means
   */
  public static boolean rotates(ModelConfig config, int layer, long interval) {
    List<Long> entries = config.integersOrNull(KEY);
    if (entries.isEmpty()) {
      return (layer + 1) % config.positive("no_rope_layer_interval", interval) != 0;
    }
    if (layer >= entries.size()) {
      throw config.wrong(KEY, "has " + entries.size() + " entries, fewer than layers");
    }
    return entries.get(layer) != 0;
  }
}
