package org.alphaquant.hub;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.egress.PublicAddress;
import org.apache.hc.client5.http.DnsResolver;

/** The hosts that requests may go to, and which of them may see the token. */
final class Egress implements DnsResolver {

  private static final Set<String> HUB = Set.of("huggingface.co", "www.huggingface.co", "hf.co");

  private final URI endpoint;
  private final List<String> storageHosts;
  private final Proxies proxies;

  Egress(URI endpoint, List<String> storageHosts, Proxies proxies) {
    this.endpoint = endpoint;
    this.proxies = proxies;
    this.storageHosts = storageHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
  }

  /** Whether the address is the hub itself rather than a storage that it sends to. */
  boolean isHub(URI address) {
    return isEndpoint(address)
        || address.getScheme().equalsIgnoreCase("https") && HUB.contains(host(address));
  }

  private boolean isEndpoint(URI address) {
    return address.getScheme().equalsIgnoreCase(endpoint.getScheme())
        && host(address).equals(host(endpoint))
        && port(address) == port(endpoint);
  }

  /** The address on the mirror that replaces one of the hub's. */
  URI mirrored(URI address) {
    boolean named = HUB.contains(host(address)) && !isEndpoint(address);
    return named && !HUB.contains(host(endpoint))
        ? URI.create(
            endpoint
                + address.getRawPath()
                + (address.getRawQuery() == null ? "" : "?" + address.getRawQuery()))
        : address;
  }

  /**
   * The address that a redirect leads to.
   *
   * @throws FetchException if no request may go there
   */
  URI redirected(URI from, String location) {
    URI to = mirrored(target(from, location));
    if (to.getHost() == null
        || !Set.of("http", "https").contains(to.getScheme().toLowerCase(Locale.ROOT))) {
      throw new FetchException(Kind.UNAVAILABLE, host(from) + " sends to what is no web address");
    }
    if (from.getScheme().equalsIgnoreCase("https") && !to.getScheme().equalsIgnoreCase("https")) {
      throw new FetchException(
          Kind.UNAVAILABLE, "%s sends to %s without TLS".formatted(host(from), host(to)));
    }
    if (!isHub(to) && storageHosts.stream().noneMatch(it -> matches(it, host(to)))) {
      throw new FetchException(
          Kind.UNAVAILABLE,
          "%s sends to %s, which is none of the hosts in alphaquant.hub.storage-hosts (%s)"
              .formatted(host(from), host(to), String.join(", ", storageHosts)));
    }
    return to;
  }

  // The address may hold a signature, so no message repeats it.
  private static URI target(URI from, String location) {
    try {
      return from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new FetchException(Kind.UNAVAILABLE, host(from) + " sends to what is no web address");
    }
  }

  private static boolean matches(String pattern, String host) {
    return pattern.startsWith("*.") ? host.endsWith(pattern.substring(1)) : host.equals(pattern);
  }

  static String host(URI address) {
    return String.valueOf(address.getHost()).toLowerCase(Locale.ROOT);
  }

  private static int port(URI address) {
    return address.getPort() >= 0
        ? address.getPort()
        : address.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  /**
   * Resolved once per connection, so that the name cannot resolve to another address after the
   * check.
   */
  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    InetAddress[] addresses = InetAddress.getAllByName(host);
    boolean chosen = host.equalsIgnoreCase(endpoint.getHost()) || proxies.hasHost(host);
    if (!chosen && !isInside(endpoint.getHost())) {
      for (InetAddress address : addresses) {
        if (!PublicAddress.is(address)) {
          throw new UnknownHostException(host + " is at an address that is not public");
        }
      }
    }
    return addresses;
  }

  /** A mirror in a private network may keep its files there too. */
  private static boolean isInside(String host) {
    try {
      return Stream.of(InetAddress.getAllByName(host)).anyMatch(it -> !PublicAddress.is(it));
    } catch (UnknownHostException onlyKnownToTheProxy) {
      return false;
    }
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }
}
