package org.alphaquant.chat;

/**
 * A text in quotes with Python's escapes.
 *
 * @param value its content
 * @param end the place after the closing quote
 */
record StringLiteral(String value, int end) {

  private static final String LETTERS = "ntrabfv0";
  private static final String MEANT = "\n\t\r\u0007\b\f\u000b\0";

  static StringLiteral at(String source, int quote) {
    StringBuilder value = new StringBuilder();
    int at = quote + 1;
    while (at < source.length() && source.charAt(at) != source.charAt(quote)) {
      char c = source.charAt(at++);
      at = c == '\\' && at < source.length() ? escape(source, at, value) : plain(c, at, value);
    }
    if (at >= source.length()) {
      throw new TemplateException("a text in quotes is not closed");
    }
    return new StringLiteral(value.toString(), at + 1);
  }

  private static int plain(char c, int next, StringBuilder value) {
    value.append(c);
    return next;
  }

  private static int escape(String source, int at, StringBuilder value) {
    char c = source.charAt(at);
    int letter = LETTERS.indexOf(c);
    if (letter >= 0) {
      value.append(MEANT.charAt(letter));
    } else if (c == 'x' || c == 'u' || c == 'U') {
      int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      value.appendCodePoint(codePoint(source, at + 1, digits));
      return at + 1 + digits;
    } else if ("\\'\"".indexOf(c) >= 0) {
      value.append(c);
    } else if (c != '\n') {
      value.append('\\').append(c);
    }
    return at + 1;
  }

  private static int codePoint(String source, int from, int digits) {
    try {
      int value = Integer.parseInt(source, from, from + digits, 16);
      if (Character.isValidCodePoint(value)) {
        return value;
      }
    } catch (IndexOutOfBoundsException | NumberFormatException notHexadecimal) {
      // Told below.
    }
    throw new TemplateException("an escape in a text is not " + digits + " hexadecimal digits");
  }
}
