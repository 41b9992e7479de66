package org.alphaquant.calibration;

import java.util.OptionalInt;

/**
 * Which samples to make of which text.
 *
 * <ul>
 *   <li>Without {@code minLength} all documents are joined, one after the other, into one stream of
 *       tokens, which is cut into windows of {@code sequenceLength}.
 *   <li>With {@code minLength} shorter documents are skipped. A document of at least {@code
 *       sequenceLength} tokens gives one sample, its beginning; those in between are joined and
 *       cut. So {@code minLength = sequenceLength} means: the beginnings of the first documents
 *       that are long enough.
 *   <li>Seed 0 keeps the order of the file; any other shuffles the documents through a buffer of
 *       {@value ShuffledDocuments#BUFFER}, the same way every time.
 * </ul>
 *
 * @param source the text
 * @param samples most samples, at least 1; a text that is too short gives fewer
 * @param sequenceLength tokens in each, from 2 to {@value #MAX_SEQUENCE_LENGTH}
 * @param minLength tokens a document must have, at least 1
 * @param seed 0 for the order of the text
 * @param distinct whether a document that comes again is left out
 */
public record CalibrationSpec(
    TextSource source,
    int samples,
    int sequenceLength,
    OptionalInt minLength,
    long seed,
    boolean distinct) {

  public static final int MAX_SAMPLES = 1 << 20;
  public static final int MIN_SEQUENCE_LENGTH = 2;
  public static final int MAX_SEQUENCE_LENGTH = 1 << 18;

  /** Tokens held in memory at once; 1 GiB of 64-bit ids. */
  public static final long MAX_TOKENS = 1L << 27;

  public CalibrationSpec(
      TextSource source, int samples, int sequenceLength, OptionalInt minLength, long seed) {
    this(source, samples, sequenceLength, minLength, seed, false);
  }

  public CalibrationSpec {
    require("samples", samples, 1, MAX_SAMPLES);
    require("sequence_length", sequenceLength, MIN_SEQUENCE_LENGTH, MAX_SEQUENCE_LENGTH);
    if (minLength.isPresent()) {
      require("min_length", minLength.getAsInt(), 1, Integer.MAX_VALUE);
    }
    require("samples * sequence_length", (long) samples * sequenceLength, 2, MAX_TOKENS);
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s is %d; it must be from %d to %d".formatted(name, value, least, most));
    }
  }
}
