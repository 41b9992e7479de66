package org.alphaquant.webhook;

import java.net.URI;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An entry of the list of allowed hosts.
 *
 * @param name the host in lower case, or the domain after {@code *.}
 * @param subdomains whether the entry allows all subdomains, but not the domain itself
 * @param port -1 for the scheme's default
 */
record AllowedHost(String name, boolean subdomains, int port) {
  private static final Pattern ENTRY =
      Pattern.compile("(\\*\\.)?([a-z0-9.-]+|\\[[0-9a-f:]+])(?::(\\d{1,5}))?");

  static AllowedHost parse(String entry) {
    Matcher matcher = ENTRY.matcher(entry.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "alphaquant.webhooks.allowed-hosts has \"%s\" but must list hosts: name, name:port or *.domain"
              .formatted(entry));
    }
    int port = matcher.group(3) == null ? -1 : Integer.parseInt(matcher.group(3));
    return new AllowedHost(matcher.group(2), matcher.group(1) != null, port);
  }

  boolean allows(URI target) {
    String host = target.getHost().toLowerCase(Locale.ROOT);
    boolean named = subdomains ? host.endsWith("." + name) : host.equals(name);
    return named && portOf(target) == (port < 0 ? usual(target) : port);
  }

  private static int portOf(URI target) {
    return target.getPort() < 0 ? usual(target) : target.getPort();
  }

  private static int usual(URI target) {
    return target.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  String text() {
    return (subdomains ? "*." : "") + name + (port < 0 ? "" : ":" + port);
  }
}
