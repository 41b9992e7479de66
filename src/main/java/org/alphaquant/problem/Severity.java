package org.alphaquant.problem;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How much a finding matters. */
public enum Severity {
  /** The job cannot run like this. */
  ERROR,
  /** The job runs, but perhaps not to what was meant. */
  WARNING,
  /** Worth knowing. */
  NOTE;

  /** In lower case. */
  @JsonValue
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
