package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Why an attempt failed.
 *
 * @param code stable word for programs, for example {@code out-of-memory}
 * @param kind class of the failure; decides whether the job is retried
 * @param message names the thing, the value and the limit
 * @param detail additional information for people, or null
 */
public record JobError(
    String code, @JsonProperty("class") Kind kind, String message, String detail) {

  public JobError {
    requireNonNull(code, "code is null");
    requireNonNull(kind, "kind is null");
    requireNonNull(message, "message is null");
  }

  /** The four classes of failure and how many more attempts each allows. */
  public enum Kind {
    /** The request or its inputs are wrong: never retried. */
    USER(0),
    /** Not enough memory or disk space: retried once, with a smaller plan. */
    RESOURCE(1),
    /** A file system, network or database was unavailable: retried three times. */
    TRANSIENT(3),
    /** A bug of this program: retried once. */
    INTERNAL(1);

    private final int retries;

    Kind(int retries) {
      this.retries = retries;
    }

    /** Number of retries. */
    public int retries() {
      return retries;
    }
  }
}
