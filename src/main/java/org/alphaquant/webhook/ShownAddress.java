package org.alphaquant.webhook;

/** An address as logs and stored errors may show it: a query or a user can hold a token. */
final class ShownAddress {
  private ShownAddress() {}

  /** Scheme, host, port and path; also of what is no valid address. */
  static String of(String url) {
    return url.replaceFirst("(?s)[?#].*", "").replaceFirst("(?s)//[^/]*@", "//");
  }

  /** The text with the address shown so wherever it is in it. */
  static String in(String text, String url) {
    return text.replace(url, of(url));
  }
}
