package org.alphaquant.webhook;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import org.alphaquant.egress.PublicAddress;

/**
 * Checks addresses, so that users cannot make the service send requests into its network (SSRF).
 */
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

  /** Why the address is not allowed, as the end of a sentence about it; empty if it is allowed. */
  Optional<String> refusal(URI target) {
    if (hosts.isEmpty()) {
      return Optional.of(
          "cannot be used: webhooks are disabled (alphaquant.webhooks.allowed-hosts)");
    }
    if (!settings.allowHttp() && !target.getScheme().equalsIgnoreCase("https")) {
      return Optional.of("must begin with https://");
    }
    return hosts.stream().anyMatch(host -> host.allows(target))
        ? Optional.empty()
        : Optional.of("must be at one of the hosts that this service may send to");
  }

  /**
   * Resolves the host. Call it once per connection.
   *
   * @throws UnknownHostException if the host cannot be resolved
   * @throws Sender.RefusedException if one of its addresses is not public
   */
  InetAddress[] addresses(String host) throws UnknownHostException {
    InetAddress[] addresses = lookUp(host);
    for (InetAddress address : addresses) {
      if (!settings.allowPrivateAddresses() && !PublicAddress.is(address)) {
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

  /** Resolves host names. */
  interface Lookup {
    InetAddress[] addresses(String host) throws UnknownHostException;
  }
}
