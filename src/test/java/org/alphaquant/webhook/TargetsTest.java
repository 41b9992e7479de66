package org.alphaquant.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetsTest {
  private static final String SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://hooks.example.org/a?b=c",
        "https://HOOKS.example.org:443/",
        "https://a.b.example.net/",
        "https://ci.example.com:8443/"
      })
  void aHostOnTheListMayBeTold(String url) {
    assertThat(targets().refusal(URI.create(url))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.org/",
        "https://hooks.example.org:8443/",
        "https://hooks.example.org.evil.test/",
        "https://example.net/",
        "https://evilexample.net/",
        "https://ci.example.com/",
        "https://127.0.0.1/"
      })
  void anyOtherHostOrPortMayNot(String url) {
    assertThat(targets().refusal(URI.create(url)))
        .hasValueSatisfying(reason -> assertThat(reason).contains("one of the hosts"));
  }

  @Test
  void withoutTlsNobodyIsTold() {
    assertThat(targets().refusal(URI.create("http://hooks.example.org/")))
        .contains("must begin with https://");
  }

  @Test
  void withoutAListThereAreNoWebhooks() {
    Targets none = new Targets(settings(List.of(), null));
    assertThat(none.refusal(URI.create("https://hooks.example.org/")).orElseThrow())
        .contains("alphaquant.webhooks.allowed-hosts");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.192",
        "198.19.0.1",
        "[2002:7f00:1::]",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]"
      })
  void anAddressInsideIsRefused(String host) {
    assertThatThrownBy(() -> targets().addresses(host))
        .isInstanceOf(Sender.RefusedException.class)
        .hasMessageContaining("an address that is not public");
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.1", "8.8.8.8", "172.32.0.1", "[2001:db8::1]"})
  void anAddressOutsideIsNot(String host) throws UnknownHostException {
    assertThat(targets().addresses(host)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "MDEyMzQ1Njc4OWFiY2RlZg=="})
  void aSecretThatIsNoneIsRefusedAndNotRepeated(String secret) {
    assertThatThrownBy(() -> settings(List.of("a.test"), secret))
        .hasMessageContaining("alphaquant.webhooks.secret must be whsec_")
        .extracting(Throwable::getMessage)
        .satisfies(message -> assertThat(message.contains("c2hvcnQ")).isFalse());
  }

  @Test
  void anEntryThatIsNoHostIsRefused() {
    assertThatThrownBy(() -> settings(List.of("https://a.test/"), SECRET))
        .hasMessageContaining("alphaquant.webhooks.allowed-hosts has \"https://a.test/\"");
  }

  @Test
  void theSecretIsNotShown() {
    assertThat(settings(List.of("a.test"), SECRET).toString()).doesNotContain("MDEy");
  }

  private static Targets targets() {
    return new Targets(
        settings(List.of("hooks.example.org", "*.example.net", "ci.example.com:8443"), SECRET));
  }

  private static WebhookSettings settings(List<String> hosts, String secret) {
    Duration second = Duration.ofSeconds(1);
    return new WebhookSettings(hosts, secret, false, false, second, 3, second, second, 4, second);
  }
}
