package org.alphaquant.calibration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.chat.ModelChat;

/** A whole text as one stream of tokens without special tokens: what perplexity is measured on. */
public final class EvaluationText {

  /** Largest text: some four million tokens, each of which the model is run on twice. */
  public static final long MAX_BYTES = 16 << 20;

  private final String name;
  private final long[] tokens;
  private final Set<Long> documents;

  private EvaluationText(String name, long[] tokens, Set<Long> documents) {
    this.name = name;
    this.tokens = tokens;
    this.documents = Set.copyOf(documents);
  }

  /**
   * Reads and encodes a text; the rows of a file are joined by blank lines, as is usual for
   * WikiText.
   *
   * @param chat what writes conversations; empty where the model has no template
   * @throws CalibrationException if it cannot be read, is larger than {@link #MAX_BYTES} or not
   *     UTF-8
   */
  public static EvaluationText read(
      TextSource source, String name, Tokenizer tokenizer, Optional<ModelChat> chat) {
    return read(source, name, TextHalves.WHOLE, tokenizer, chat);
  }

  /**
   * The same of some of its documents.
   *
   * @param half which of them
   */
  public static EvaluationText read(
      TextSource source,
      String name,
      TextHalves half,
      Tokenizer tokenizer,
      Optional<ModelChat> chat) {
    if (source instanceof TextSource.PlainText file) {
      requireBounded(name, file.file());
    }
    List<String> all = new ArrayList<>();
    boolean marked = false;
    long length = 0;
    try (Documents documents = Documents.inOrder(source, chat)) {
      for (Optional<Document> next = documents.next(); next.isPresent(); next = documents.next()) {
        all.add(next.get().text());
        marked |= next.get().marked();
        length += next.get().text().length();
        if (length > MAX_BYTES) {
          throw new CalibrationException(
              Kind.TEXT_FILE,
              "'%s' has more than the limit of %d bytes for a text that is evaluated"
                  .formatted(name, MAX_BYTES));
        }
      }
    }
    boolean joined = marked || source instanceof TextSource.PlainText;
    List<String> chosen = half.of(all);
    Set<Long> digests = new HashSet<>();
    chosen.forEach(document -> DocumentDigest.collect(document, digests));
    String text = String.join(joined ? "" : "\n\n", chosen);
    return new EvaluationText(name, tokenizer.encodeWithoutSpecialTokens(text), digests);
  }

  private static void requireBounded(String name, Path file) {
    if (file.toFile().length() > MAX_BYTES) {
      throw new CalibrationException(
          Kind.TEXT_FILE,
          "'%s' has %d bytes, over the limit of %d for a text that is evaluated"
              .formatted(name, file.toFile().length(), MAX_BYTES));
    }
  }

  /** Reads and encodes a file for a model without a chat template. */
  public static EvaluationText read(Path file, Tokenizer tokenizer) {
    return read(
        TextSource.of(file, null), file.getFileName().toString(), tokenizer, Optional.empty());
  }

  /** Digests of its documents, but for very short ones. */
  public Set<Long> documents() {
    return documents;
  }

  public long[] tokens() {
    return tokens.clone();
  }

  /** The warning for a text that does not fill one window. */
  public Optional<String> shortage(int length) {
    return tokens.length >= length
        ? Optional.empty()
        : Optional.of(
            "too little evaluation text: '%s' has %d tokens, which are one window instead of windows of %d"
                .formatted(name, tokens.length, length));
  }

  /**
   * The stream cut into consecutive windows; what is left at the end is dropped. A text that does
   * not fill one is a shorter window by itself.
   *
   * @param length tokens in a window, at least 2: a window of n predicts n - 1 tokens
   * @return {@code [windows][length]}
   * @throws CalibrationException if the text has fewer than two tokens
   */
  public long[][] windows(int length) {
    if (length < 2) {
      throw new IllegalArgumentException("window is " + length + "; it must be at least 2");
    }
    if (tokens.length < 2) {
      throw new CalibrationException(
          Kind.TOO_LITTLE_TEXT,
          "'%s' has %d tokens; perplexity needs two at least".formatted(name, tokens.length));
    }
    int fitted = Math.min(length, tokens.length);
    return IntStream.range(0, tokens.length / fitted)
        .mapToObj(i -> Arrays.copyOfRange(tokens, i * fitted, (i + 1) * fitted))
        .toArray(long[][]::new);
  }
}
