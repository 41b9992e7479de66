package org.alphaquant.calibration;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.alphaquant.chat.ModelChat;

/**
 * Token ids to calibrate with.
 *
 * @param tokens {@code [samples][sequence_length]}
 * @param used what was read of each source, in their order
 * @param sha256 of the ids as little-endian 64-bit integers, row by row
 */
public record CalibrationSamples(long[][] tokens, List<Used> used, String sha256) {

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
   * more of the texts than they need.
   *
   * @param chat what writes conversations; empty where the model has no template
   * @throws CalibrationException if a text cannot be read or does not suffice
   */
  public static CalibrationSamples collect(
      List<CalibrationSpec> specs, Tokenizer tokenizer, Optional<ModelChat> chat) {
    List<long[]> samples = new ArrayList<>();
    List<Used> used = new ArrayList<>();
    for (CalibrationSpec spec : specs) {
      SampleCollector collector = collected(spec, tokenizer, chat);
      samples.addAll(List.of(collector.samples()));
      used.add(collector.used());
    }
    long[][] tokens = samples.toArray(long[][]::new);
    return new CalibrationSamples(tokens, List.copyOf(used), sha256(tokens));
  }

  private static SampleCollector collected(
      CalibrationSpec spec, Tokenizer tokenizer, Optional<ModelChat> chat) {
    try (Documents documents = Documents.of(spec.source(), spec.seed(), spec.distinct(), chat)) {
      SampleCollector collector = new SampleCollector(spec, tokenizer);
      while (!collector.isFull()) {
        collector.add(documents.next().orElseThrow(collector::tooLittle));
      }
      return collector;
    }
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

  private static String sha256(long[][] tokens) {
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
