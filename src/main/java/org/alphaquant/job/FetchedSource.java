package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

/**
 * A model or a text that a job names and that was brought to this machine.
 *
 * @param path where it lies
 * @param origin where it came from, at the version that was taken: {@code hf://org/name@commit}
 * @param licence as its origin says; null where it says none
 * @param sha256 of a single file; null of a folder
 */
public record FetchedSource(String path, String origin, String licence, String sha256) {
  public FetchedSource {
    requireNonNull(path, "path is null");
    requireNonNull(origin, "origin is null");
  }
}
