package org.alphaquant.security;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import org.springframework.stereotype.Component;

/**
 * The host names that the service answers to. A service without keys is protected only because it
 * listens on this machine; a web page in a local browser could reach it by a host name that
 * resolves to this machine (DNS rebinding).
 */
@Component
public class AllowedHosts {
  private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "[::1]");

  private final Gate gate;
  private final Tokens tokens;
  private final List<String> names;

  AllowedHosts(Gate gate, Tokens tokens, SecuritySettings settings) {
    this.gate = gate;
    this.tokens = tokens;
    this.names = settings.allowedHosts().stream().map(AllowedHosts::lower).toList();
  }

  /**
   * Whether a request with this Host header is served.
   *
   * @param host the header, with or without a port; null if the client sent none
   * @param localAddress the local address that received the request
   */
  public boolean serves(String host, String localAddress) {
    if (host == null) {
      return false;
    }
    boolean anyName = names.isEmpty() && !isKeyless();
    return anyName || isOwn(host, localAddress);
  }

  /** Whether a page of this origin may change anything here. */
  public boolean isOwnOrigin(String origin, String host) {
    try {
      URI address = URI.create(origin);
      String authority = address.getRawAuthority();
      return authority != null
          && (authority.equalsIgnoreCase(host) || names.contains(lower(withoutPort(authority))));
    } catch (IllegalArgumentException opaque) {
      return false;
    }
  }

  private boolean isKeyless() {
    return !tokens.areAccepted() && gate.isOpen();
  }

  private boolean isOwn(String host, String localAddress) {
    String name = lower(withoutPort(host));
    return LOOPBACK.contains(name)
        || name.endsWith(".localhost")
        || names.contains(name)
        || name.equals(localAddress);
  }

  private static String withoutPort(String host) {
    return host.replaceFirst(":\\d+$", "");
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
