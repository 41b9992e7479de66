package org.alphaquant.calibration;

import java.nio.charset.StandardCharsets;

/**
 * Text without halves of surrogate pairs. JSON can spell one half, no file in UTF-8 can hold it,
 * and a single one would make the native tokenizer misread every character beyond U+FFFF.
 */
final class WholeCharacters {

  private WholeCharacters() {}

  /** The text with U+FFFD for each half, as writers of UTF-8 put it. */
  static String of(String text) {
    // Halves do not survive this, and texts of one byte a character take it by blocks.
    if (new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).equals(text)) {
      return text;
    }
    StringBuilder whole = null;
    for (int at = 0; at < text.length(); at++) {
      if (!Character.isSurrogate(text.charAt(at))) {
        continue;
      }
      if (Character.isSupplementaryCodePoint(text.codePointAt(at))) {
        at++;
        continue;
      }
      whole = whole == null ? new StringBuilder(text) : whole;
      whole.setCharAt(at, '\uFFFD');
    }
    return whole == null ? text : whole.toString();
  }
}
