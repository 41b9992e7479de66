package org.alphaquant.webhook;

/** An address without its query and user, which may contain a token, for logs and errors. */
final class ShownAddress {
  private ShownAddress() {}

  /** Scheme, host, port and path, even of an invalid address. */
  static String of(String url) {
    return url.replaceFirst("(?s)[?#].*", "").replaceFirst("(?s)//[^/]*@", "//");
  }

  /** The text with all occurrences of the address shortened in this way. */
  static String in(String text, String url) {
    return text.replace(url, of(url));
  }
}
