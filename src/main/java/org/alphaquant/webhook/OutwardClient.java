package org.alphaquant.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.util.Timeout;

/**
 * An HTTP client for addresses that users chose. It connects only to addresses that {@link Targets}
 * has resolved and allowed, so that a name cannot resolve to one address for the check and to
 * another for the connection. It uses no proxy, which would resolve names itself, and follows no
 * redirects.
 */
final class OutwardClient {
  private static final int MOST_HEADERS = 100;
  private static final int LONGEST_HEADER = 16_384;

  private OutwardClient() {}

  static CloseableHttpClient create(WebhookSettings settings, Targets targets) {
    return HttpClients.custom()
        .setConnectionManager(connections(settings, targets))
        .setUserAgent("alphaquant-server")
        .disableRedirectHandling()
        .disableAutomaticRetries()
        .disableAuthCaching()
        .disableCookieManagement()
        .disableContentCompression()
        .build();
  }

  private static PoolingHttpClientConnectionManager connections(
      WebhookSettings settings, Targets targets) {
    Timeout timeout = Timeout.of(settings.timeout());
    return PoolingHttpClientConnectionManagerBuilder.create()
        .setDnsResolver(new AllowedAddresses(targets))
        .setMaxConnTotal(settings.concurrency())
        .setMaxConnPerRoute(settings.concurrency())
        .setDefaultConnectionConfig(
            ConnectionConfig.custom().setConnectTimeout(timeout).setSocketTimeout(timeout).build())
        .setConnectionFactory(
            ManagedHttpClientConnectionFactory.builder()
                .http1Config(
                    Http1Config.custom()
                        .setMaxHeaderCount(MOST_HEADERS)
                        .setMaxLineLength(LONGEST_HEADER)
                        .build())
                .build())
        .build();
  }

  private record AllowedAddresses(Targets targets) implements DnsResolver {
    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
      return targets.addresses(host);
    }

    @Override
    public String resolveCanonicalHostname(String host) {
      return host;
    }
  }
}
