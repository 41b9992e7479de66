package org.alphaquant.prepare;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.TextRequest;

/** Which texts a calibration takes, and how many samples of each. */
record CalibrationTexts(CalibrationRequest calibration) {

  /** The samples of each source. Their numbers follow the shares, rounded by largest remainder. */
  List<CalibrationSpec> samples(Function<TextRequest, TextSource> opened) {
    List<TextRequest> files = calibration.files();
    if (files.isEmpty()) {
      TextSource text =
          calibration.texts() == null
              ? BuiltInText.documents()
              : new TextSource.Inline(calibration.texts());
      return List.of(samples(text, calibration.samples()));
    }
    int[] counts = counts();
    return taken(counts).mapToObj(i -> samples(opened.apply(files.get(i)), counts[i])).toList();
  }

  /** The files that contribute at least one sample. */
  List<TextRequest> files() {
    return taken(counts()).mapToObj(calibration.files()::get).toList();
  }

  private int[] counts() {
    if (calibration.files().isEmpty()) {
      return new int[0];
    }
    double[] shares = calibration.files().stream().mapToDouble(TextRequest::share).toArray();
    return Shares.of(shares, calibration.samples());
  }

  private static IntStream taken(int[] counts) {
    return IntStream.range(0, counts.length).filter(i -> counts[i] > 0);
  }

  private CalibrationSpec samples(TextSource text, int samples) {
    return new CalibrationSpec(
        text,
        samples,
        calibration.sequenceLength(),
        calibration.minLength() == null
            ? OptionalInt.empty()
            : OptionalInt.of(calibration.minLength()),
        calibration.seed(),
        calibration.deduplicate());
  }
}
