package org.alphaquant.model.design;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelConfig;

/** Tells which layers use sliding-window attention, and the window of each. */
public final class SlidingWindow {

  private static final String WINDOW = "sliding_window";
  private static final String TYPES = "layer_types";

  private SlidingWindow() {}

  /** {@code sliding_window} for all layers; null and 0 mean none. */
  public static long everywhere(ModelConfig config, long whenMissing) {
    return config.fromZeroOrNull(WINDOW, whenMissing);
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
    List<String> types = config.textsOrNull(TYPES);
    if (types.isEmpty()) {
      long first = config.integerOrNull("max_window_layers").orElse(28);
      return layer >= first ? ifUsed(config) : 0;
    }
    return slides(config, types, layer) ? ifUsed(config) : 0;
  }

  /**
   * Layers whose {@code layer_types} entry says so, or without those, every second from the first.
   */
  public static long alternating(ModelConfig config, int layer, long whenMissing) {
    List<String> types = config.textsOrNull(TYPES);
    boolean slides = types.isEmpty() ? layer % 2 == 0 : slides(config, types, layer);
    return slides ? everywhere(config, whenMissing) : 0;
  }

  /**
   * Whether a layer slides: as its {@code layer_types} entry says, or without those, all but every
   * n-th; 0 means none.
   */
  public static boolean allButEvery(long n, ModelConfig config, int layer) {
    List<String> types = config.textsOrNull(TYPES);
    return types.isEmpty() ? n > 0 && (layer + 1) % n != 0 : slides(config, types, layer);
  }

  /**
   * Layers whose {@code layer_types} entry says so, or without those, layers from {@code
   * max_window_layers} on; no key switches it off.
   *
   * @param first what a missing {@code max_window_layers} means
   */
  public static long from(long first, ModelConfig config, int layer) {
    List<String> types = config.textsOrNull(TYPES);
    boolean slides =
        types.isEmpty()
            ? layer >= config.integerOrNull("max_window_layers").orElse(first)
            : slides(config, types, layer);
    return slides ? everywhere(config, 4096) : 0;
  }

  private static boolean slides(ModelConfig config, List<String> types, int layer) {
    if (layer >= types.size()) {
      throw config.wrong(TYPES, "has " + types.size() + " entries, fewer than layers");
    }
    String type = types.get(layer);
    if (!Set.of("full_attention", "sliding_attention").contains(type)) {
      throw config.wrong(TYPES, "holds '" + type + "', which is not supported");
    }
    return type.equals("sliding_attention");
  }
}
