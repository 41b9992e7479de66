package org.alphaquant.scheme;

/** How much a finding matters. */
public enum Severity {
  /** The job cannot run like this. */
  ERROR,
  /** The job runs, but perhaps not to what was meant. */
  WARNING,
  /** Worth knowing. */
  NOTE
}
