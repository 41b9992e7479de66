package org.alphaquant.webhook;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/** Decides where messages may go, so that the service cannot be made to call its own network. */
final class Targets {
  private final WebhookSettings settings;
  private final List<AllowedHost> hosts;
  private final Lookup lookup;

  Targets(WebhookSettings settings) {
    this(settings, InetAddress::getAllByName);
  }

  Targets(WebhookSettings settings, Lookup lookup) {
    this.settings = settings;
    this.lookup = lookup;
    this.hosts = settings.hosts();
  }

  /** Why no message may go there, as the end of a sentence about the address; empty if it may. */
  Optional<String> refusal(URI target) {
    if (hosts.isEmpty()) {
      return Optional.of(
          "cannot be told: this service has no webhooks (alphaquant.webhooks.allowed-hosts)");
    }
    if (!settings.allowHttp() && !target.getScheme().equalsIgnoreCase("https")) {
      return Optional.of("must begin with https://");
    }
    return hosts.stream().anyMatch(host -> host.allows(target))
        ? Optional.empty()
        : Optional.of("must be at one of the hosts that this service may send to");
  }

  /**
   * Looks the host up, as may be done once for each connection.
   *
   * @throws UnknownHostException if there is no such host now
   * @throws Sender.RefusedException if one of its addresses is inside
   */
  InetAddress[] addresses(String host) throws UnknownHostException {
    InetAddress[] addresses = lookUp(host);
    for (InetAddress address : addresses) {
      if (!settings.allowPrivateAddresses() && isInside(address)) {
        throw new Sender.RefusedException(
            "%s is at %s, an address that is not public".formatted(host, address.getHostAddress()));
      }
    }
    return addresses;
  }

  private InetAddress[] lookUp(String host) throws UnknownHostException {
    try {
      return lookup.addresses(host);
    } catch (UnknownHostException e) {
      throw new UnknownHostException("there is no host " + host + " now");
    }
  }

  /** Who knows where hosts are. */
  interface Lookup {
    InetAddress[] addresses(String host) throws UnknownHostException;
  }

  private static boolean isInside(InetAddress address) {
    return address.isLoopbackAddress()
        || address.isAnyLocalAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isMulticastAddress()
        || isReserved(address.getAddress(), address instanceof Inet6Address);
  }

  // What java.net has no question for: fc00::/7, 64:ff9b::/16 and 2002::/16, which carry an IPv4
  // address; 0.0.0.0/8, 100.64.0.0/10, 192.0.0.0/24, 198.18.0.0/15, 240.0.0.0/4.
  private static boolean isReserved(byte[] bytes, boolean ipv6) {
    int first = bytes[0] & 0xff;
    int second = bytes[1] & 0xff;
    return ipv6
        ? (first & 0xfe) == 0xfc || first == 0 && second == 0x64 || first == 0x20 && second == 2
        : first == 0
            || first == 100 && (second & 0xc0) == 64
            || first == 192 && second == 0 && bytes[2] == 0
            || first == 198 && (second & 0xfe) == 18
            || first >= 240;
  }
}
