package org.alphaquant.traffic;

/** Counts of experts that cannot be those of a model. */
public final class TrafficException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final String place;

  /**
   * @param place in the counts, {@code /3/17} for example; empty for all of them
   */
  TrafficException(String place, String message) {
    super(message);
    this.place = place;
  }

  /** A JSON pointer into the counts. */
  public String place() {
    return place;
  }
}
