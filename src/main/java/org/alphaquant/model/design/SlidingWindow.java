package org.alphaquant.model.design;

import java.util.List;
import java.util.Set;

/** Which layers see only the latest keys, and how many. */
public final class SlidingWindow {

  private static final String WINDOW = "sliding_window";

  private SlidingWindow() {}

  /** {@code sliding_window} for all layers; null and 0 mean none. */
  public static long everywhere(ModelConfig config, long whenMissing) {
    return config.missing(WINDOW) ? whenMissing : config.integerOrNull(WINDOW).orElse(0);
  }

  /** The same where {@code use_sliding_window} is set. */
  public static long ifUsed(ModelConfig config) {
    return config.flag("use_sliding_window", false) ? everywhere(config, 4096) : 0;
  }

  /**
   * Where {@code use_sliding_window} is set: layers whose {@code layer_types} entry says so, or
   * without those, layers from {@code max_window_layers} on.
   */
  public static long ofLayer(ModelConfig config, int layer) {
    List<String> types = config.textsOrNull("layer_types");
    if (types.isEmpty()) {
      long first = config.integerOrNull("max_window_layers").orElse(28);
      return layer >= first ? ifUsed(config) : 0;
    }
    if (layer >= types.size()) {
      throw config.wrong("layer_types", "has " + types.size() + " entries, fewer than layers");
    }
    String type = types.get(layer);
    if (!Set.of("full_attention", "sliding_attention").contains(type)) {
      throw config.wrong("layer_types", "holds '" + type + "', which is not supported");
    }
    return type.equals("sliding_attention") ? ifUsed(config) : 0;
  }
}
