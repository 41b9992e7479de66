package org.alphaquant.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Turns documents into samples of equal length, by the rules of {@link CalibrationSpec}. */
final class SampleCollector {

  private static final long SPECIAL_TOKENS = 16;

  private final CalibrationSpec spec;
  private final Tokenizer tokenizer;
  private final int most;
  private final boolean continuous;
  private final List<long[]> samples = new ArrayList<>();
  private final long[] joined;
  private int joinedLength;
  private final Set<Long> digests = new HashSet<>();
  private long documents;
  private long tokens;
  private long skipped;

  /**
   * @param mostTokens where to stop at the latest
   */
  SampleCollector(CalibrationSpec spec, Tokenizer tokenizer, long mostTokens) {
    this.spec = spec;
    this.most = (int) Math.max(1, Math.min(spec.samples(), mostTokens / spec.sequenceLength()));
    this.tokenizer = tokenizer;
    this.joined = new long[spec.sequenceLength()];
    // Paragraphs of one running text are not documents, so none starts a sequence with special
    // tokens.
    this.continuous =
        spec.source() instanceof TextSource.PlainText
            && spec.minLength().isEmpty()
            && spec.seed() == 0;
  }

  boolean isFull() {
    return samples.size() == most;
  }

  CalibrationSamples.Used used() {
    return new CalibrationSamples.Used(documents, tokens, samples.size());
  }

  /** Digests of the documents that were read. */
  Set<Long> digests() {
    return digests;
  }

  /** The number of tokens left over, too few for another sample. */
  int rest() {
    return joinedLength;
  }

  /** Makes them a shorter sample. */
  void takeRest() {
    samples.add(Arrays.copyOf(joined, joinedLength));
    joinedLength = 0;
  }

  /** The warning for a text that gives fewer samples than requested. */
  Optional<String> shortage() {
    return isFull()
        ? Optional.empty()
        : Optional.of(
            "too little calibration text: %d documents of %d tokens give %s of the %d samples of %d tokens wanted%s"
                .formatted(
                    documents, tokens, given(), spec.samples(), spec.sequenceLength(), skipped()));
  }

  private String given() {
    boolean whole = samples.isEmpty() || samples.get(0).length == spec.sequenceLength();
    return whole
        ? String.valueOf(samples.size())
        : "one of %d tokens instead".formatted(samples.get(0).length);
  }

  private String skipped() {
    return skipped == 0
        ? ""
        : "; %d documents are shorter than min_length %d"
            .formatted(skipped, spec.minLength().getAsInt());
  }

  long[][] samples() {
    return samples.toArray(long[][]::new);
  }

  /** A document with its tokens and digests. */
  record Encoded(long[] ids, Set<Long> digests) {}

  /**
   * Whether samples will still lack tokens after so many documents of so many characters in all, so
   * that one more can be read beside them: no text has more tokens than characters, but for special
   * ones and a few rare ones.
   */
  boolean needsMoreThan(int count, long characters) {
    long left = most - samples.size();
    return spec.minLength().isPresent()
        ? count < left
        : characters + count * SPECIAL_TOKENS < left * spec.sequenceLength() - joinedLength;
  }

  /**
   * Encodes a document; on any thread.
   *
   * @param place among those that were read before and have not been added yet
   */
  Encoded encoded(Document document, int place) {
    long[] ids =
        document.marked() || continuous && documents + place > 0
            ? tokenizer.encodeWithoutSpecialTokens(document.text(), wanted())
            : tokenizer.encode(document.text(), wanted());
    Set<Long> own = new HashSet<>();
    DocumentDigest.collect(document.text(), own);
    return new Encoded(ids, own);
  }

  void add(Encoded document) {
    long[] ids = document.ids();
    digests.addAll(document.digests());
    documents++;
    tokens += ids.length;
    if (ids.length < spec.minLength().orElse(0)) {
      skipped++;
    } else if (spec.minLength().isPresent() && ids.length >= spec.sequenceLength()) {
      samples.add(Arrays.copyOf(ids, spec.sequenceLength()));
    } else {
      join(ids);
    }
  }

  // More of one document would go into no sample.
  private long wanted() {
    return spec.minLength().isPresent()
        ? spec.sequenceLength()
        : (long) (most - samples.size()) * spec.sequenceLength() - joinedLength;
  }

  private void join(long[] ids) {
    int from = 0;
    while (from < ids.length && !isFull()) {
      int count = Math.min(ids.length - from, joined.length - joinedLength);
      System.arraycopy(ids, from, joined, joinedLength, count);
      from += count;
      joinedLength += count;
      if (joinedLength == joined.length) {
        samples.add(joined.clone());
        joinedLength = 0;
      }
    }
  }
}
