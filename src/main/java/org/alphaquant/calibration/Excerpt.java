package org.alphaquant.calibration;

/** The beginning of an untrusted text, short and printable enough for a message. */
final class Excerpt {

  private static final int MAX = 60;

  private Excerpt() {}

  static String of(String text) {
    String line = text.strip().replaceAll("\\p{Cntrl}", "?");
    return "'" + (line.length() > MAX ? line.substring(0, MAX) + "…" : line) + "'";
  }
}
