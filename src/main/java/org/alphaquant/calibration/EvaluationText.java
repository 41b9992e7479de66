package org.alphaquant.calibration;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.alphaquant.calibration.CalibrationException.Kind;

/**
 * A whole text as one stream of tokens without special tokens: what perplexity is measured on. The
 * text is encoded in one piece, because tokens may span any point at which it could be cut.
 */
public final class EvaluationText {

  /** Largest text file; encoding takes about a hundred times its size in memory. */
  public static final long MAX_BYTES = 16 << 20;

  private final String name;
  private final long[] tokens;

  private EvaluationText(String name, long[] tokens) {
    this.name = name;
    this.tokens = tokens;
  }

  /**
   * Reads and encodes a UTF-8 file.
   *
   * @throws CalibrationException if it cannot be read, is larger than {@link #MAX_BYTES} or not
   *     UTF-8
   */
  public static EvaluationText read(Path file, Tokenizer tokenizer) {
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new CalibrationException(
            Kind.TEXT_FILE,
            "'%s' has %d bytes, over the limit of %d for a text that is evaluated"
                .formatted(file.getFileName(), size, MAX_BYTES));
      }
      return new EvaluationText(
          file.getFileName().toString(),
          tokenizer.encodeWithoutSpecialTokens(Files.readString(file)));
    } catch (CharacterCodingException notUtf8) {
      throw new CalibrationException(
          Kind.TEXT_FILE, "'%s' is not valid UTF-8".formatted(file.getFileName()), notUtf8);
    } catch (IOException unreadable) {
      throw TextLines.unreadable(file, unreadable);
    }
  }

  public long[] tokens() {
    return tokens.clone();
  }

  /**
   * The stream cut into consecutive windows; what is left at the end is dropped.
   *
   * @param length tokens in a window, at least 2: a window of n predicts n - 1 tokens
   * @return {@code [windows][length]}
   * @throws CalibrationException if the text does not fill one window
   */
  public long[][] windows(int length) {
    if (length < 2) {
      throw new IllegalArgumentException("window is " + length + "; it must be at least 2");
    }
    if (tokens.length < length) {
      throw new CalibrationException(
          Kind.TOO_LITTLE_TEXT,
          "'%s' has %d tokens, fewer than one window of %d; supply more text or lower the window"
              .formatted(name, tokens.length, length));
    }
    return IntStream.range(0, tokens.length / length)
        .mapToObj(i -> Arrays.copyOfRange(tokens, i * length, (i + 1) * length))
        .toArray(long[][]::new);
  }
}
