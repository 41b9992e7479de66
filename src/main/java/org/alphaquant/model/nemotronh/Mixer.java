package org.alphaquant.model.nemotronh;

import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelConfig;

/** What a layer of Nemotron-H does. */
enum Mixer {
  MAMBA,
  ATTENTION,
  EXPERTS,
  MLP;

  private static final String PATTERN = "hybrid_override_pattern";
  private static final Map<Integer, Mixer> LETTERS =
      Map.of((int) 'M', MAMBA, (int) '*', ATTENTION, (int) 'E', EXPERTS, (int) '-', MLP);
  private static final Map<String, Mixer> WORDS =
      Map.of(
          "linear_attention", MAMBA,
          "mamba", MAMBA,
          "full_attention", ATTENTION,
          "attention", ATTENTION,
          "moe", EXPERTS,
          "mlp", MLP);

  /** Of every layer: published files have a letter for each, transformers 5 a word. */
  static List<Mixer> read(ModelConfig config) {
    String key = config.spelling("layers_block_type", "layer_types");
    List<String> words = config.textsOrNull(key);
    if (!words.isEmpty()) {
      config.textOrNull(PATTERN);
      return words.stream().map(word -> known(config, key, word, WORDS.get(word))).toList();
    }
    String pattern =
        config
            .textOrNull(PATTERN)
            .filter(letters -> !letters.isEmpty())
            .orElseThrow(() -> config.wrong(PATTERN, "is missing, and layers_block_type too"));
    return pattern
        .chars()
        .mapToObj(letter -> known(config, PATTERN, "" + (char) letter, LETTERS.get(letter)))
        .toList();
  }

  private static Mixer known(ModelConfig config, String key, String value, Mixer mixer) {
    if (mixer == null) {
      throw config.wrong(key, "holds '" + value + "', which is not supported");
    }
    return mixer;
  }
}
