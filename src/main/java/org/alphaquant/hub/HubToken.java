package org.alphaquant.hub;

/**
 * The operator's access token for the hub.
 *
 * @param value the secret; null without one
 * @param source the setting, variable or file that it came from, for messages
 */
record HubToken(String value, String source) {

  static final HubToken NONE = new HubToken(null, "none");

  boolean isPresent() {
    return value != null;
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "HubToken[" + source + "]";
  }
}
