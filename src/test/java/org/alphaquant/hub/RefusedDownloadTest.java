package org.alphaquant.hub;

import static org.alphaquant.hub.HubTests.ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.ModelInUse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

/** What is not fetched from a hub, or not kept, and what its user is told. */
class RefusedDownloadTest extends OnAHub {

  @Test
  void aListOfFilesThatGoesRoundInACircleIsRefused() {
    String tree = "/api/models/" + ID + "/tree/" + commit + "?recursive=true&expand=false";
    remote.fault(
        "/tree/",
        1000,
        exchange -> {
          exchange.getResponseHeaders().add("Link", "<" + tree + ">; rel=\"next\"");
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write(HubTests.bytes("[]"));
        });
    assertThat(refused()).hasMessageContaining("does not end");
  }

  @Test
  void aSmallFileWithOtherBytesIsRefused() {
    byte[] other = HubTests.bytes("{\"model_type\": \"llama\", \"seed\": 1}");
    remote.fault(
        "/config.json$",
        2,
        exchange -> {
          exchange.getResponseHeaders().add("X-Repo-Commit", commit);
          byte[] sent = Arrays.copyOf(other, files.get("config.json").length);
          exchange.sendResponseHeaders(200, sent.length);
          exchange.getResponseBody().write(sent);
        });
    assertThat(refused()).hasMessageContaining("'config.json'");
  }

  @Test
  void whatTheHubRefusesIsToldWithWhatToDo() throws IOException {
    assertThatThrownBy(
            () -> hub.use(HubReference.model("org/none", null), null, DownloadObserver.NONE))
        .hasMessage(
            "'org/none' is not on the hub, or is private and there is no token (alphaquant.hub.token)");
    assertThatThrownBy(() -> hub.use(HubReference.model(ID, "v9"), null, DownloadObserver.NONE))
        .hasMessage("'org/tiny-moe' has no revision 'v9'");
    remote.fault(
        "^/api/",
        1,
        HubDouble.status(403, "X-Error-Message", "Access to this resource is disabled."));
    assertThat(refused()).hasMessage("'org/tiny-moe' was taken down by the hub");
    remote.gate(ID);
    assertThat(refused())
        .hasMessage(
            "'org/tiny-moe' asks for its conditions to be accepted: request access at https://huggingface.co/org/tiny-moe, then set a token (alphaquant.hub.token)");
    with(Map.of("token", "hf_secret"));
    assertThat(refused())
        .hasMessageContaining("with the account of the token from alphaquant.hub.token");
    remote.fault(
        "^/api/",
        1,
        HubDouble.status(401, "X-Error-Message", "Invalid credentials in Authorization header"));
    assertThat(refused())
        .hasMessage("the hub does not take the token from alphaquant.hub.token")
        .hasMessageNotContaining("hf_secret");
    remote.fault("^/api/", 1, HubDouble.status(403, "X-Error-Message", "needs a scope"));
    assertThat(refused()).hasMessageEndingWith("alphaquant.hub.token: needs a scope");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data",
        "http://elsewhere.example/file",
        "ftp://localhost/file",
        "http://",
        "::not an address::"
      })
  void aRedirectToWhereNoneMayLeadIsRefused(String location) {
    remote.fault("/resolve/", 10, HubDouble.status(302, "Location", location));
    FetchException refused = refused();
    assertThat(refused).hasMessageContaining("127.0.0.1 sends to");
    assertThat(remote.contentRequests()).isZero();
  }

  @Test
  void redirectsInACircleEnd() {
    remote.fault("/resolve/", 1000, HubDouble.status(302, "Location", "/org/tiny-moe/resolve/x/y"));
    assertThat(refused()).hasMessageContaining("redirects more than 20 times");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "/etc/x", "a/../../x", "a\\\\..\\\\x", "a//b", "C:x", "x\\u0000"})
  void unsafePathsAreRefused(String path) {
    remote.fault(
        "/tree/",
        1,
        exchange -> {
          byte[] body =
              HubTests.bytes(
                  "[{\"type\": \"file\", \"path\": \"%s\", \"size\": 1, \"oid\": \"%s\"}]"
                      .formatted(path, "0".repeat(40)));
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
        });
    assertThat(refused()).hasMessageContaining("unsafe path");
  }

  @Test
  void aModelThatDoesNotFitIsRefusedBeforeAByte() {
    remote.fault(
        "/tree/",
        1,
        exchange -> {
          byte[] body =
              HubTests.bytes(
                  """
                  [{"type": "file", "path": "config.json", "size": 1, "oid": "%1$s"},
                   {"type": "file", "path": "model.safetensors", "size": 1000000000000000000, "oid": "%1$s"}]"""
                      .formatted("0".repeat(40)));
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
        });
    remote.fault(
        "/config.json",
        1,
        exchange -> {
          exchange.getResponseHeaders().add("X-Repo-Commit", commit);
          exchange.sendResponseHeaders(200, 1);
          exchange.getResponseBody().write('x');
        });
    assertThat(refused()).isNotNull();
    assertThat(remote.contentRequests()).isZero();
  }

  @Test
  void aLogInPageIsNoHub() {
    remote.fault(
        "^/api/",
        1,
        exchange -> {
          byte[] page = HubTests.bytes("<html>Log in</html>");
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
        });
    assertThat(refused()).hasMessageContaining("127.0.0.1 does not answer as a hub does");
  }

  @Test
  void pickledWeightsAreNeverFetched() {
    remote.push(
        "org/old", Map.of("config.json", HubTests.bytes("{}"), "pytorch_model.bin", new byte[10]));
    assertThatThrownBy(
            () -> hub.use(HubReference.model("org/old", null), null, DownloadObserver.NONE))
        .hasMessageContaining("has no weights in safetensors")
        .hasMessageContaining("pytorch_model.bin");
  }

  @Test
  void withoutPatternsNobodyIsAsked() throws IOException {
    with(Map.of("allowed", List.of()));
    assertThat(refused()).hasMessageContaining("alphaquant.hub.allowed is empty");
    with(Map.of("allowed", List.of("allenai/*")));
    assertThat(refused())
        .hasMessage(
            "'org/tiny-moe' may not be asked for, and alphaquant.hub.allowed permits allenai/*");
    with(Map.of("offline", true));
    assertThat(refused()).hasMessageContaining("alphaquant.hub.offline");
    assertThat(remote.requests()).isEmpty();
    with(Map.of("allowed", List.of("org/*")));
    use().close();
    with(Map.of("offline", true));
    try (ModelInUse model = use()) {
      assertThat(model.version().revision()).isEqualTo(commit);
    }
  }

  @Test
  void anOwnersShareOfTheCacheIsBounded() throws IOException {
    with(Map.of("maxOwnerSize", DataSize.ofKilobytes(500)));
    assertThat(refused().kind()).isEqualTo(Kind.NOT_ALLOWED);
    assertThat(refused()).hasMessageContaining("alphaquant.hub.max-owner-size");
  }

  @Test
  void noMessageHasASignedAddress() {
    remote.fault(STORAGE, 100, HubDouble.status(500));
    assertThat(refused())
        .hasMessage("localhost answers with status 500")
        .hasMessageNotContaining("Signature");
    remote.fault(
        "/resolve/", 100, HubDouble.status(302, "Location", "http://x.example/f?Signature=s"));
    assertThat(refused()).hasMessageNotContaining("Signature");
  }
}
