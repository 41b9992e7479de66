package org.alphaquant.hub;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.CredentialsProvider;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.impl.auth.BasicCredentialsProvider;
import org.apache.hc.core5.http.HttpHost;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY} name, in either
 * case.
 *
 * @param https for addresses that begin so; null for none
 * @param http for addresses that begin so; null for none
 * @param except hosts and domains that are connected to straight; {@code *} for all
 */
record Proxies(URI https, URI http, List<String> except) {

  static Proxies of(Map<String, String> variables) {
    return new Proxies(
        address(variables, "https_proxy"),
        address(variables, "http_proxy"),
        Stream.of(value(variables, "no_proxy").split("[,\\s]+"))
            .filter(name -> !name.isEmpty())
            .map(name -> name.toLowerCase(Locale.ROOT).replaceFirst("^\\*?\\.", ""))
            .toList());
  }

  private static String value(Map<String, String> variables, String name) {
    return variables.getOrDefault(name, variables.getOrDefault(name.toUpperCase(Locale.ROOT), ""));
  }

  private static URI address(Map<String, String> variables, String name) {
    String value = value(variables, name).strip();
    return value.isEmpty() ? null : URI.create(value.contains("://") ? value : "http://" + value);
  }

  /** The proxy to a host; null for none. */
  HttpHost to(String scheme, String host) {
    URI proxy = scheme.equalsIgnoreCase("https") ? https : http;
    String name = host.toLowerCase(Locale.ROOT);
    boolean straight =
        except.stream()
            .anyMatch(it -> it.equals("*") || name.equals(it) || name.endsWith("." + it));
    return proxy == null || straight
        ? null
        : new HttpHost(
            proxy.getScheme(), proxy.getHost(), proxy.getPort() < 0 ? 3128 : proxy.getPort());
  }

  /** Names and passwords in the proxies' addresses; empty where there are none. */
  Optional<CredentialsProvider> credentials() {
    BasicCredentialsProvider provider = new BasicCredentialsProvider();
    List<URI> named =
        Stream.of(https, http).filter(it -> it != null && it.getUserInfo() != null).toList();
    for (URI proxy : named) {
      String[] parts = proxy.getUserInfo().split(":", 2);
      provider.setCredentials(
          new AuthScope(proxy.getHost(), -1),
          new UsernamePasswordCredentials(
              parts[0], parts.length > 1 ? parts[1].toCharArray() : new char[0]));
    }
    return named.isEmpty() ? Optional.empty() : Optional.of(provider);
  }

  boolean hasHost(String host) {
    return Stream.of(https, http)
        .filter(Objects::nonNull)
        .anyMatch(proxy -> host.equalsIgnoreCase(proxy.getHost()));
  }

  /** Proxies may hold passwords. */
  @Override
  public String toString() {
    return "Proxies[except=" + except + "]";
  }
}
