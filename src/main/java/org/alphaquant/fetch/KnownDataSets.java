package org.alphaquant.fetch;

import java.util.Map;
import java.util.Optional;

/** Data sets with common short names, each with the file that the name means. */
final class KnownDataSets {

  /**
   * A data set.
   *
   * @param id on the hub
   * @param config the usual configuration; null where it has none
   * @param split the split usually used for calibration
   * @param file pattern of the usual file; null for the split's first file
   */
  record Known(String id, String config, String split, String file) {}

  private static final Map<String, Known> BY_NAME =
      Map.ofEntries(
          Map.entry(
              "wikitext", new Known("Salesforce/wikitext", "wikitext-2-raw-v1", "train", null)),
          Map.entry(
              "wikitext2", new Known("Salesforce/wikitext", "wikitext-2-raw-v1", "train", null)),
          Map.entry("c4", new Known("allenai/c4", "en", "train", "en/c4-train.00000-of-*.json.gz")),
          Map.entry(
              "ultrachat", new Known("HuggingFaceH4/ultrachat_200k", null, "train_sft", null)),
          Map.entry("open-platypus", new Known("garage-bAInd/Open-Platypus", null, "train", null)),
          Map.entry(
              "llm-compression-calibration",
              new Known("neuralmagic/LLM_compression_calibration", null, "train", null)),
          Map.entry(
              "neuralmagic-calibration",
              new Known("neuralmagic/calibration", "LLM", "train", null)),
          Map.entry("pile-10k", new Known("NeelNanda/pile-10k", null, "train", null)),
          Map.entry(
              "pile-val", new Known("mit-han-lab/pile-val-backup", null, null, "val.jsonl.zst")),
          Map.entry("gsm8k", new Known("openai/gsm8k", "main", "train", null)),
          Map.entry(
              "open-perfectblend", new Known("mlabonne/open-perfectblend", null, "train", null)));

  private KnownDataSets() {}

  static Optional<Known> named(String name) {
    return Optional.ofNullable(BY_NAME.get(name));
  }

  /** The usual choices for a data set that is named in full. */
  static Optional<Known> withId(String id) {
    return BY_NAME.values().stream().filter(known -> known.id().equalsIgnoreCase(id)).findFirst();
  }
}
