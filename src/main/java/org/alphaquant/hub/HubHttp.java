package org.alphaquant.hub;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Patience;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.Timeout;

/**
 * Requests to the hub and to the storage that it redirects to. Redirects are followed here, not by
 * the HTTP client, so that the token is sent to the hub only and no request reaches a host that is
 * not allowed.
 */
final class HubHttp implements AutoCloseable {

  private static final int MAX_HOPS = 20;

  private final CloseableHttpClient client;
  private final Egress egress;
  private final HubToken token;
  private final Duration idleTimeout;

  HubHttp(HubSettings settings, HubPlace place) {
    this.egress = new Egress(place.endpoint(), settings.storageHosts(), place.proxies());
    this.token = place.token();
    this.idleTimeout = settings.idleTimeout();
    this.client = client(settings, place.proxies(), egress);
  }

  private static CloseableHttpClient client(HubSettings settings, Proxies proxies, Egress egress) {
    String version = HubHttp.class.getPackage().getImplementationVersion();
    HttpClientBuilder builder =
        HttpClients.custom()
            .setConnectionManager(connections(settings, egress))
            .setRoutePlanner(new ProxyRoutes(proxies))
            .setUserAgent(
                "alphaquant-server/%s; java/%s"
                    .formatted(version == null ? "dev" : version, Runtime.version().feature()))
            .disableRedirectHandling()
            .disableAutomaticRetries()
            .disableAuthCaching()
            .disableCookieManagement()
            .disableContentCompression();
    proxies.credentials().ifPresent(builder::setDefaultCredentialsProvider);
    return builder.build();
  }

  private static PoolingHttpClientConnectionManager connections(
      HubSettings settings, Egress egress) {
    int connections = 4 * settings.streams() + 8;
    return PoolingHttpClientConnectionManagerBuilder.create()
        .setDnsResolver(egress)
        .setMaxConnTotal(connections)
        .setMaxConnPerRoute(connections)
        .setDefaultConnectionConfig(
            ConnectionConfig.custom()
                .setConnectTimeout(Timeout.of(settings.connectTimeout()))
                .setSocketTimeout(Timeout.of(settings.idleTimeout()))
                .build())
        .build();
  }

  /** Routes through the proxies of the environment. */
  private static final class ProxyRoutes extends DefaultRoutePlanner {
    private final Proxies proxies;

    ProxyRoutes(Proxies proxies) {
      super(null);
      this.proxies = proxies;
    }

    @Override
    protected HttpHost determineProxy(HttpHost target, HttpContext context) {
      return proxies.to(target.getSchemeName(), target.getHostName());
    }
  }

  /**
   * Requests a range of a resource, from an offset to a last byte or to its end.
   *
   * @param last -1 for the end
   * @throws IOException if the connection fails
   * @throws FetchException if a redirect leads to a host that is not permitted
   */
  Answer get(URI address, long from, long last, Patience patience) throws IOException {
    URI at = address;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
      HttpGet request = request(at, from, last, patience);
      ClassicHttpResponse response = client.executeOpen(null, request, null);
      String location = location(response);
      if (location == null) {
        return new Answer(response, request, at, egress.isHub(at));
      }
      response.close();
      at = egress.redirected(at, location);
    }
    throw new FetchException(
        Kind.UNAVAILABLE, Egress.host(address) + " redirects more than " + MAX_HOPS + " times");
  }

  private HttpGet request(URI address, long from, long last, Patience patience) {
    HttpGet request = new HttpGet(address);
    request.setHeader("Accept-Encoding", "identity");
    if (from > 0 || last >= 0) {
      request.setHeader("Range", "bytes=" + from + "-" + (last < 0 ? "" : last));
    }
    if (token.isPresent() && egress.isHub(address)) {
      request.setHeader("Authorization", "Bearer " + token.value());
    }
    Timeout timeout = Timeout.of(patience.within(idleTimeout));
    request.setConfig(
        RequestConfig.custom()
            .setResponseTimeout(timeout)
            .setConnectionRequestTimeout(Timeout.ofSeconds(30))
            .build());
    return request;
  }

  private static String location(ClassicHttpResponse response) {
    Header location = response.getFirstHeader("Location");
    return switch (response.getCode()) {
      case 301, 302, 303, 307, 308 -> location == null ? null : location.getValue();
      default -> null;
    };
  }

  HubToken token() {
    return token;
  }

  URI mirrored(URI address) {
    return egress.mirrored(address);
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
