package org.alphaquant.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.calibration.CalibrationException.Kind;

/** Turns documents into samples of equal length, by the rules of {@link CalibrationSpec}. */
final class SampleCollector {

  private final CalibrationSpec spec;
  private final Tokenizer tokenizer;
  private final boolean continuous;
  private final List<long[]> samples = new ArrayList<>();
  private final long[] joined;
  private int joinedLength;
  private long documents;
  private long tokens;
  private long skipped;

  SampleCollector(CalibrationSpec spec, Tokenizer tokenizer) {
    this.spec = spec;
    this.tokenizer = tokenizer;
    this.joined = new long[spec.sequenceLength()];
    // The paragraphs of one running text are no documents that each begin a sequence.
    this.continuous =
        spec.source() instanceof TextSource.PlainText
            && spec.minLength().isEmpty()
            && spec.seed() == 0;
  }

  boolean isFull() {
    return samples.size() == spec.samples();
  }

  CalibrationSamples.Used used() {
    return new CalibrationSamples.Used(documents, tokens, samples.size());
  }

  long[][] samples() {
    return samples.toArray(long[][]::new);
  }

  void add(Document document) {
    long[] ids =
        document.marked() || continuous && documents > 0
            ? tokenizer.encodeWithoutSpecialTokens(document.text(), wanted())
            : tokenizer.encode(document.text(), wanted());
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
        : (long) (spec.samples() - samples.size()) * spec.sequenceLength() - joinedLength;
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

  CalibrationException tooLittle() {
    String lost =
        skipped == 0
            ? ""
            : "; %d documents are shorter than min_length %d"
                .formatted(skipped, spec.minLength().getAsInt());
    return new CalibrationException(
        Kind.TOO_LITTLE_TEXT,
        "too little calibration text: %d documents of %d tokens give %d of the %d samples of %d tokens wanted%s. Supply more text or lower %s."
            .formatted(
                documents,
                tokens,
                samples.size(),
                spec.samples(),
                spec.sequenceLength(),
                lost,
                skipped == 0
                    ? "samples or sequence_length"
                    : "samples, sequence_length or min_length"));
  }
}
