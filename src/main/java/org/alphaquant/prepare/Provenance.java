package org.alphaquant.prepare;

import java.util.List;

/**
 * Origins of the model and the texts of a job.
 *
 * @param model null where it is below a root
 * @param texts of the calibration, in the order of their samples
 */
public record Provenance(Origin model, List<Text> texts) {

  /**
   * An origin with its version.
   *
   * @param origin {@code hf://org/name@commit}
   * @param licence as the place says; null where it says none
   */
  public record Origin(String origin, String licence) {}

  /**
   * A text.
   *
   * @param source as the job names it
   * @param origin the very file, at the version that was read
   * @param licence as named there; null where none is
   * @param sha256 of the file as it was read, packed or not; null of texts that are no file
   */
  public record Text(String source, String origin, String licence, String sha256) {}
}
