package org.alphaquant.storage.gguf;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The pre-tokenizers that llama.cpp has under a name ({@code tokenizer.ggml.pre}). The model's is
 * identified by how it splits a probe text on which all of them differ.
 */
final class EnginePreTokenizers {

  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String WORDS = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  private static final String REST =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String CASED_FIRST =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+";
  private static final String CASED_SECOND =
      "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*";
  private static final String CASED_REST =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String ASCII_PUNCTUATION =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+";

  /** Text in which any two of them differ. */
  private static final String PROBE =
      "It's HE'S we'LL they'd  three   spaces\ttab \n\n newlines\r\n\r\n  end 1 12 123 1234 12345678"
          + " 3.14 x=y+1; foo(bar)[0] {a:b} //comment\n\t\tindent CamelCaseWord ALLCAPSword"
          + " snake_case naïve café e\u0301tude über Ωmega привет мир 你好世界 こんにちは カタカナ"
          + " 한국어 हिन्दी ไทย 12٣٤ ½ ² !!! ...\n ?!\n/path/to ünï 'quoted' \"said\" don't CAN'T"
          + " a\u00a0b \u3000全角。，emoji 😀👍🏽 $5 €6 #7 @8 ~`^|\\ <tag> --- ***\n\n\n  trailing   ";

  private record Known(PreTokenizer pieces, boolean wholeWords) {}

  private static final Map<String, Known> KNOWN = known();

  private EnginePreTokenizers() {}

  private static Map<String, Known> known() {
    Map<String, Known> known = new LinkedHashMap<>();
    add(known, "gpt-2", false, PreTokenizer.GPT2);
    add(known, "starcoder", false, "\\p{N}", PreTokenizer.GPT2);
    String byThree = CONTRACTIONS + WORDS + "|\\p{N}{1,3}" + REST;
    add(known, "llama-bpe", true, byThree);
    add(known, "dbrx", false, byThree);
    String byOne = CONTRACTIONS + WORDS + "|\\p{N}" + REST;
    add(known, "qwen2", false, byOne);
    add(known, "laguna", false, "[^\\n]+|[\\n]+", byOne);
    add(
        known,
        "qwen35",
        false,
        CONTRACTIONS
            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
    add(
        known,
        "deepseek-v3",
        false,
        "\\p{N}{1,3}",
        "[一-龥\u3040-ゟ゠-ヿ]+",
        ASCII_PUNCTUATION
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
    add(
        known,
        "deepseek-coder",
        false,
        "[\\r\\n]",
        "\\s?\\p{L}+",
        "\\s?\\p{P}+",
        "[一-龥ࠀ-一가-퟿]+",
        "\\p{N}");
    add(known, "tekken", true, CASED_FIRST + CASED_SECOND + "|\\p{N}" + CASED_REST);
    add(
        known,
        "gpt-4o",
        false,
        CASED_FIRST
            + CONTRACTIONS
            + "?"
            + CASED_SECOND
            + CONTRACTIONS
            + "?|\\p{N}{1,3}"
            + CASED_REST);
    add(
        known,
        "seed-coder",
        false,
        CONTRACTIONS
            + WORDS
            + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
    add(
        known,
        "exaone-moe",
        false,
        CONTRACTIONS
            + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
    add(
        known,
        "bailingmoe",
        false,
        "'(?i:[sdmt]|ll|ve|re)"
            + WORDS
            + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
    return known;
  }

  private static void add(
      Map<String, Known> known, String name, boolean wholeWords, String... patterns) {
    known.put(name, new Known(PreTokenizer.of(patterns), wholeWords));
  }

  /**
   * The name of one that behaves the same; empty where none does.
   *
   * @param wholeWords whether a piece that is a token is used without merging ({@code
   *     ignore_merges})
   */
  static Optional<String> named(PreTokenizer model, boolean wholeWords) {
    return KNOWN.entrySet().stream()
        .filter(entry -> entry.getValue().wholeWords() == wholeWords)
        .filter(entry -> entry.getValue().pieces().pieces(PROBE).equals(model.pieces(PROBE)))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
