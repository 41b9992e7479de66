package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import java.util.UUID;

/**
 * A model or text that a job names, downloaded to this machine.
 *
 * @param path of the downloaded file or folder
 * @param origin where it came from, with its version: {@code hf://org/name@commit}
 * @param licence as stated by the origin, or null
 * @param sha256 hash of a file; null for a folder
 */
public record FetchedSource(String path, String origin, String licence, String sha256) {
  public FetchedSource {
    requireNonNull(path, "path is null");
    requireNonNull(origin, "origin is null");
  }

  /** The name that attempts have for a kept calibration. */
  public static String ofCalibration(UUID id) {
    return "calibration:" + id;
  }
}
