package org.alphaquant.calibration;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.chat.ModelChat;

/**
 * Token ids to calibrate with.
 *
 * @param tokens {@code [samples][sequence_length]}
 * @param used how much of each source was read, in order
 * @param shortages messages about sources with fewer samples than requested
 * @param digests of the documents that were read, but for very short ones
 */
public record CalibrationSamples(
    long[][] tokens, List<Used> used, List<String> shortages, Set<Long> digests) {

  private static final int MOST_AT_ONCE = 64;

  public CalibrationSamples {
    used = List.copyOf(used);
    shortages = List.copyOf(shortages);
    digests = Set.copyOf(digests);
  }

  /**
   * What was read of one source.
   *
   * @param documents that were read to make the samples
   * @param tokens of those documents; of one that is longer than what the samples still lack, those
   *     that were encoded
   * @param samples that they became
   */
  public record Used(long documents, long tokens, int samples) {}

  /** The samples of one source, for a model without a chat template. */
  static CalibrationSamples collect(CalibrationSpec spec, Tokenizer tokenizer) {
    return collect(List.of(spec), tokenizer, Optional.empty());
  }

  /**
   * Makes the samples that each specification describes, one source's after the other's, reading no
   * more of the texts than they need. A text that gives fewer is used whole; where all of them
   * together give none, what the longest has is the one sample.
   *
   * @param chat what writes conversations; empty where the model has no template
   * @throws CalibrationException if a text cannot be read, or there are not even two tokens
   */
  public static CalibrationSamples collect(
      List<CalibrationSpec> specs, Tokenizer tokenizer, Optional<ModelChat> chat) {
    return collect(specs, tokenizer, chat, CalibrationSpec.MAX_TOKENS);
  }

  /**
   * The same, with no more than so many tokens of each text.
   *
   * @throws CalibrationException if a text cannot be read, or there are not even two tokens
   */
  public static CalibrationSamples collect(
      List<CalibrationSpec> specs, Tokenizer tokenizer, Optional<ModelChat> chat, long mostTokens) {
    List<SampleCollector> collectors = new ArrayList<>();
    Set<Long> seen = new HashSet<>();
    for (CalibrationSpec spec : specs) {
      SampleCollector collector = new SampleCollector(spec, tokenizer, mostTokens);
      fill(collector, spec, spec.distinct() ? seen : null, chat);
      collectors.add(collector);
    }
    if (collectors.stream().allMatch(collector -> collector.samples().length == 0)) {
      takeLongestRest(collectors);
    }
    return new CalibrationSamples(
        collectors.stream().flatMap(it -> Stream.of(it.samples())).toArray(long[][]::new),
        collectors.stream().map(SampleCollector::used).toList(),
        shortages(collectors),
        collectors.stream()
            .flatMap(collector -> collector.digests().stream())
            .collect(Collectors.toSet()));
  }

  private static List<String> shortages(List<SampleCollector> collectors) {
    return collectors.stream().flatMap(collector -> collector.shortage().stream()).toList();
  }

  private static void fill(
      SampleCollector collector, CalibrationSpec spec, Set<Long> seen, Optional<ModelChat> chat) {
    try (Documents documents = Documents.of(spec.source(), spec.seed(), seen, chat)) {
      List<Document> next = next(documents, collector);
      while (!next.isEmpty()) {
        List<Document> all = next;
        List<SampleCollector.Encoded> encoded =
            IntStream.range(0, all.size())
                .parallel()
                .mapToObj(i -> collector.encoded(all.get(i), i))
                .toList();
        for (int i = 0; i < encoded.size() && !collector.isFull(); i++) {
          collector.add(encoded.get(i));
        }
        next = collector.isFull() ? List.of() : next(documents, collector);
      }
    }
  }

  // The next document, and those after it that will be needed as well: they are encoded at once.
  private static List<Document> next(Documents documents, SampleCollector collector) {
    List<Document> next = new ArrayList<>();
    long characters = 0;
    do {
      Optional<Document> document = documents.next();
      if (document.isEmpty()) {
        break;
      }
      next.add(document.get());
      characters += document.get().text().length();
    } while (next.size() < MOST_AT_ONCE && collector.needsMoreThan(next.size(), characters));
    return next;
  }

  private static void takeLongestRest(List<SampleCollector> collectors) {
    SampleCollector longest =
        Collections.max(collectors, Comparator.comparingInt(SampleCollector::rest));
    if (longest.rest() < CalibrationSpec.MIN_SEQUENCE_LENGTH) {
      throw new CalibrationException(
          Kind.TOO_LITTLE_TEXT,
          String.join("; ", shortages(collectors)) + ". One sample needs two tokens at least.");
    }
    longest.takeRest();
  }

  /** Other samples in place of these, made from the same documents. */
  public CalibrationSamples replaced(long[][] others) {
    return new CalibrationSamples(others, used, shortages, digests);
  }

  /** Documents that were read of all sources. */
  public long documents() {
    return used.stream().mapToLong(Used::documents).sum();
  }

  public int samples() {
    return tokens.length;
  }

  public int sequenceLength() {
    return tokens[0].length;
  }

  /** SHA-256 of the ids as little-endian 64-bit integers, row by row. */
  public String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long[] row : tokens) {
        ByteBuffer bytes =
            ByteBuffer.allocate(row.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(row);
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
