package org.alphaquant.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alphaquant.cache.FetchException;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubPlaceTest {

  @TempDir Path folder;

  private HubPlace place(Map<String, Object> settings, Map<String, String> variables) {
    return HubPlace.of(HubTests.settings(null, settings), variables, folder);
  }

  @Test
  void theVariablesOfThePythonLibrariesCount() throws IOException {
    Files.writeString(folder.resolve("token"), "hf_file\n");
    HubPlace place =
        place(
            Map.of(),
            Map.of(
                "HF_ENDPOINT",
                "https://mirror.example/",
                "HF_HOME",
                folder.toString(),
                "HF_HUB_CACHE",
                folder.resolve("theirs").toString(),
                "HF_HUB_OFFLINE",
                "yes"));
    assertThat(place.endpoint()).hasToString("https://mirror.example");
    assertThat(place.token().value()).isEqualTo("hf_file");
    assertThat(place.offline()).isTrue();
    assertThat(place.cache()).isEqualTo(folder.resolve("hub"));
    assertThat(place.caches()).containsExactly(folder.resolve("theirs"));
    assertThat(place.toString() + place.token()).doesNotContain("hf_");
  }

  @Test
  void theCacheOfThePythonLibrariesIsReadWhereTheyWouldLookForIt() {
    assertThat(place(Map.of(), Map.of("HOME", "/home/ann")).caches())
        .containsExactly(Path.of("/home/ann/.cache/huggingface/hub"));
    assertThat(place(Map.of(), Map.of("HOME", "/home/ann", "XDG_CACHE_HOME", "/x")).caches())
        .containsExactly(Path.of("/x/huggingface/hub"));
    assertThat(
            place(Map.of("caches", List.of("/more")), Map.of("HF_HOME", "/hf", "HF_HUB_CACHE", ""))
                .caches())
        .containsExactly(Path.of("/more"), Path.of("/hf/hub"));
  }

  @Test
  void settingsGoBeforeVariables() {
    Map<String, String> variables = Map.of("HF_TOKEN", " hf_variable\n", "HF_HUB_OFFLINE", "1");
    assertThat(place(Map.of(), variables).token())
        .isEqualTo(new HubToken("hf_variable", "the variable HF_TOKEN"));
    HubPlace set = place(Map.of("token", "hf_set", "offline", false), variables);
    assertThat(set.token().value()).isEqualTo("hf_set");
    assertThat(set.offline()).isFalse();
    assertThat(set.endpoint()).hasToString("https://huggingface.co");
  }

  @Test
  void aTokenThatLiesAboutIsNotTakenWhereTheHubIsOff() {
    assertThat(place(Map.of("allowed", List.of()), Map.of("HF_TOKEN", "hf_x")).token())
        .isEqualTo(HubToken.NONE);
    assertThat(
            place(Map.of(), Map.of("HF_TOKEN", "hf_x", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"))
                .token())
        .isEqualTo(HubToken.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "https, huggingface.co, secure.example",
    "http, mirror.example, plain.example",
    "https, cache.internal, ",
    "https, internal, ",
    "https, notinternal, secure.example",
    "http, 10.0.0.7, "
  })
  void proxiesAreThoseOfTheEnvironment(String scheme, String host, String proxy) {
    Proxies proxies =
        Proxies.of(
            Map.of(
                "HTTPS_PROXY", "http://user:pass@secure.example:3129",
                "http_proxy", "plain.example:8888",
                "NO_PROXY", ".internal, 10.0.0.7"));
    assertThat(proxies.to(scheme, host))
        .satisfies(it -> assertThat(it == null ? null : it.getHostName()).isEqualTo(proxy));
    assertThat(proxies.credentials()).isPresent();
    assertThat(proxies.toString()).doesNotContain("pass");
  }

  @Test
  void requestsGoThroughTheProxy() throws IOException {
    try (HubDouble remote = new HubDouble()) {
      String commit = remote.push(HubTests.ID, HubTests.model(1));
      HubSettings settings = HubTests.settings(URI.create("http://hub.example"), Map.of());
      HubPlace place =
          HubPlace.of(settings, Map.of("http_proxy", remote.endpoint().toString()), folder);
      try (Hub hub = HubTests.hub(settings, place, TestDatabases.client())) {
        assertThat(hub.pin(HubReference.model(HubTests.ID, null)).reference().revision())
            .isEqualTo(commit);
      }
      assertThat(remote.requests().get(0).headers().getFirst("Host")).isEqualTo("hub.example");
    }
  }

  @Test
  void aPublicHubSendsNobodyInside() throws UnknownHostException {
    Egress egress = egress("https://8.8.8.8");
    assertThatThrownBy(() -> egress.resolve("localhost")).hasMessageContaining("not public");
    assertThatThrownBy(() -> egress.resolve("169.254.169.254"))
        .isInstanceOf(UnknownHostException.class);
    assertThat(egress.resolve("9.9.9.9")).containsExactly(InetAddress.getByName("9.9.9.9"));
    assertThat(egress("https://10.0.0.1").resolve("10.0.0.2")).hasSize(1);
  }

  private static Egress egress(String endpoint) {
    return new Egress(URI.create(endpoint), List.of("*.hf.co"), Proxies.of(Map.of()));
  }

  @Test
  void theTokenIsForTheHubAlone() {
    Egress egress = egress("https://mirror.example");
    assertThat(egress.isHub(URI.create("https://mirror.example/x"))).isTrue();
    assertThat(egress.isHub(URI.create("https://huggingface.co/x"))).isTrue();
    for (String other :
        List.of(
            "http://mirror.example/x",
            "https://mirror.example:8443/x",
            "https://mirror.example.evil/x",
            "http://huggingface.co/x",
            "https://cdn.hf.co/x")) {
      assertThat(egress.isHub(URI.create(other))).as(other).isFalse();
    }
  }

  @Test
  void aMirrorIsAskedForWhatNamesTheHub() {
    Egress egress = egress("https://mirror.example");
    assertThat(egress.mirrored(URI.create("https://huggingface.co/api/x?a=1%2F2")))
        .hasToString("https://mirror.example/api/x?a=1%2F2");
    URI from = URI.create("https://mirror.example/a");
    assertThat(egress.redirected(from, "https://cdn.hf.co/f?s=1"))
        .hasToString("https://cdn.hf.co/f?s=1");
    assertThatThrownBy(() -> egress.redirected(from, "http://cdn.hf.co/f"))
        .hasMessageContaining("without TLS");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b/c", "../x", "a--b", "a..b", "-a", "a b", "a/", "/a", "a@b", "ä"})
  void whatIsNoNameIsRefused(String id) {
    assertThat(HubReference.isId(id)).isFalse();
    assertThatThrownBy(() -> HubReference.model(id, null)).isInstanceOf(FetchException.class);
  }

  @Test
  void namesHaveATypeAndARevision() {
    assertThat(HubReference.parse("hf://datasets/org/name@refs/pr/1"))
        .contains(new HubReference(HubReference.Type.DATASET, "org/name", "refs/pr/1"));
    assertThat(HubReference.parse("hf://gpt2"))
        .contains(new HubReference(HubReference.Type.MODEL, "gpt2", "main"));
    assertThat(HubReference.parse("org/name")).isEmpty();
    assertThatThrownBy(() -> HubReference.parse("hf://org/name@../x"))
        .isInstanceOf(FetchException.class);
  }
}
