package org.alphaquant.calibration;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Explains why a model's folder has no readable tokenizer and how to make one. */
public final class MissingTokenizer {

  private static final String FILE = "tokenizer.json";
  private static final String SAVED =
      "; AutoTokenizer.from_pretrained(folder).save_pretrained(folder) in transformers writes one";
  private static final Map<String, String> OTHERS = new LinkedHashMap<>();

  static {
    OTHERS.put("tiktoken.model", "a tiktoken vocabulary");
    OTHERS.put("qwen.tiktoken", "a tiktoken vocabulary");
    OTHERS.put("tokenizer.model", "a SentencePiece or tiktoken model");
    OTHERS.put("vocab.json", "the vocabulary of a slow tokenizer");
  }

  private MissingTokenizer() {}

  /**
   * A message; empty where there is a tokenizer.json. Those of other kinds are not read: their
   * files leave out the rules by which a text is split, which only their model's Python code has.
   */
  public static Optional<String> of(Path folder, String model) {
    if (Files.isRegularFile(folder.resolve(FILE))) {
      return Optional.empty();
    }
    String there =
        OTHERS.entrySet().stream()
            .filter(other -> Files.isRegularFile(folder.resolve(other.getKey())))
            .findFirst()
            .map(
                other ->
                    " but %s, %s, which is not read".formatted(other.getKey(), other.getValue()))
            .orElse("");
    return Optional.of("'%s' has no %s%s%s".formatted(model, FILE, there, SAVED));
  }
}
