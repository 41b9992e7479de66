package org.alphaquant.runner.child;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.Links;

/** Tries a tokenizer on a text with letters, digits, scripts, emoji, markup and code. */
final class TokenizerProblem {
  private static final String SENTENCE =
      "the quick brown fox jumps over the lazy dog and then it runs all the way back to where it"
          + " came from because nobody had told it to stop ";
  private static final String TEXT =
      SENTENCE.repeat(8)
          + "In 1998, \"O'Neill & Sons\" paid $12,345.67 (±3 %) for it: état, Straße, Ελλάδα,"
          + " Москва, 東京都, 한국어, हिन्दी, العربية, 👩‍👩‍👧 🎉.\r\n\n\tif (a[i] != 0x7f) { return"
          + " b->c; } // <tag attr='1'/>\n   \n";

  private TokenizerProblem() {}

  /**
   * Why the tokenizer of a folder cannot be used; empty if it works.
   *
   * @param links which links in the folder may be followed
   * @param vocabulary rows of the model's embedding
   */
  static Optional<String> find(Path folder, Links links, long vocabulary) {
    try (Tokenizer tokenizer = Tokenizer.open(folder, links, () -> {})) {
      return encoded(tokenizer, vocabulary);
    } catch (RuntimeException refused) {
      return Optional.of(refused.getMessage());
    }
  }

  private static Optional<String> encoded(Tokenizer tokenizer, long vocabulary) {
    try {
      long[] ids = tokenizer.encode(TEXT);
      if (!Arrays.equals(ids, tokenizer.encode(TEXT))) {
        return Optional.of(
            "tokenizer.json makes other tokens of the same text each time, as its model has a dropout; set it to null");
      }
      return of(tokenizer, ids, vocabulary)
          .or(() -> of(tokenizer, tokenizer.encodeWithoutSpecialTokens(TEXT), vocabulary));
    } catch (RuntimeException refused) {
      return Optional.of("tokenizer.json cannot encode a text: " + refused.getMessage());
    }
  }

  private static Optional<String> of(Tokenizer tokenizer, long[] ids, long vocabulary) {
    return ids.length == 0
        ? Optional.of(
            "tokenizer.json makes no token of a text of %d characters".formatted(TEXT.length()))
        : tokenizer.beyond(vocabulary, ids);
  }
}
