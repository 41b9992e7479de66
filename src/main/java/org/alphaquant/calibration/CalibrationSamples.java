package org.alphaquant.calibration;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Token ids to calibrate with.
 *
 * @param tokens {@code [samples][sequence_length]}
 * @param documents documents that were read to make them
 * @param sha256 of the ids as little-endian 64-bit integers, row by row
 */
public record CalibrationSamples(long[][] tokens, long documents, String sha256) {

  /**
   * Makes the samples that the specification describes, reading no more of the text than they need.
   *
   * @throws CalibrationException if the text cannot be read or does not suffice
   */
  public static CalibrationSamples collect(CalibrationSpec spec, Tokenizer tokenizer) {
    try (Documents documents = Documents.of(spec.source(), spec.seed())) {
      SampleCollector collector = new SampleCollector(spec, tokenizer);
      while (!collector.isFull()) {
        collector.add(documents.next().orElseThrow(collector::tooLittle));
      }
      long[][] tokens = collector.samples();
      return new CalibrationSamples(tokens, collector.documents(), sha256(tokens));
    }
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
