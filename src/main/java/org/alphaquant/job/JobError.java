package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Why an attempt did not succeed.
 *
 * @param code stable word for programs, for example {@code out-of-memory}
 * @param kind who can do something about it; decides whether there is another attempt
 * @param message names the thing, the value and the limit
 * @param detail more for a person, or null
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
    /** The request or its inputs are wrong: never tried again. */
    USER(0),
    /** Memory or disk did not suffice: tried once more, with a smaller plan. */
    RESOURCE(1),
    /** A file system, network or database was away: tried three times more. */
    TRANSIENT(3),
    /** A fault of this program: tried once more. */
    INTERNAL(1);

    private final int retries;

    Kind(int retries) {
      this.retries = retries;
    }

    /** Attempts after the first one. */
    public int retries() {
      return retries;
    }
  }
}
