package org.alphaquant.hub;

import static org.alphaquant.hub.HubTests.ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.ModelInUse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Downloads that go well, and those that go on after what went wrong. */
class DownloadTest extends OnAHub {

  @Test
  void aModelIsDownloadedOncePinnedAndNeverAskedForAgain() throws IOException {
    try (ModelInUse model = use()) {
      assertThat(model.version().revision()).isEqualTo(commit);
      assertThat(model.licence()).isEqualTo("apache-2.0");
      assertWhole(model.folder());
    }
    remote.forgetRequests();
    try (ModelInUse model = hub.use(HubReference.model(ID, commit), "ann", DownloadObserver.NONE)) {
      assertWhole(model.folder());
    }
    assertThat(remote.requests()).isEmpty();
  }

  @Test
  void theFilesLieAsThePythonLibrariesExpectThem() throws IOException {
    use().close();
    Path repository = dataDir.resolve("hub/models--org--tiny-moe");
    assertThat(repository.resolve("refs/main")).hasContent(commit);
    Path link = repository.resolve("snapshots").resolve(commit).resolve("config.json");
    String blob = HubStorage.gitHash(files.get("config.json"));
    assertThat(Files.readSymbolicLink(link)).hasToString("../../blobs/" + blob);
    assertThat(repository.resolve("blobs/" + HubStorage.hash("SHA-256", files.get(FIRST))))
        .hasBinaryContent(files.get(FIRST));
    assertThat(repository.resolve("trees/" + commit + ".json")).isNotEmptyFile();
    assertThat(dataDir.resolve("hub/CACHEDIR.TAG")).isNotEmptyFile();
    try (Stream<Path> parts = Files.list(dataDir.resolve("hub.alphaquant/parts"))) {
      assertThat(parts).isEmpty();
    }
  }

  @Test
  void theTokenGoesToTheHubAndNeverToTheStorage() throws IOException {
    remote.hide(ID, "hf_secret");
    with(Map.of("token", "hf_secret"));
    use().close();
    assertThat(remote.requests()).isNotEmpty();
    assertThat(remote.requests())
        .allSatisfy(
            request ->
                assertThat(request.headers().getFirst("Authorization"))
                    .isEqualTo(request.host().equals("localhost") ? null : "Bearer hf_secret"));
    assertThat(remote.contentRequests()).isEqualTo(2);
  }

  @Test
  void aCutBodyGoesOnWhereItEnded() throws IOException {
    remote.fault(STORAGE, 4, remote.storage().cutAfter(60_000));
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    assertThat(remote.requests())
        .anySatisfy(it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=60000-"))
        .anySatisfy(it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=240000-"));
  }

  @Test
  void aDownloadThatWasGivenUpGoesOnAfterARestart() throws IOException {
    remote.fault(STORAGE, 1, remote.storage().cutAfter(200_000));
    remote.fault(STORAGE, 3, HubDouble.status(503));
    assertThat(refused().isPassing()).isTrue();
    with(Map.of());
    remote.forgetRequests();
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    assertThat(remote.requests().stream().filter(it -> it.path().contains(FIRST)))
        .allSatisfy(it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=200000-"));
  }

  @Test
  void aStorageThatSendsEverythingAgainIsTakenFromTheBeginning() throws IOException {
    remote.fault(STORAGE, 1, remote.storage().cutAfter(100_000));
    remote.fault(STORAGE, 1, remote.storage().ignoringRanges());
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
  }

  @Test
  void wrongBytesAreFetchedOnceMoreAndNeverKept() throws IOException {
    remote.fault(STORAGE, 1, remote.storage().wrongByte());
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    hub.delete(HubReference.model(ID, null));
    remote.fault(STORAGE, 2, remote.storage().wrongByte());
    assertThat(refused()).hasMessageContaining("was received twice with a wrong hash");
    assertThat(
            dataDir.resolve(
                "hub/models--org--tiny-moe/blobs/" + HubStorage.hash("SHA-256", files.get(FIRST))))
        .doesNotExist();
  }

  @Test
  void aFileThatStaysShorterThanItsListSaysIsGivenUp() {
    remote.fault(STORAGE, 1000, remote.storage().endingAfter(290_000));
    assertThat(refused()).hasMessageContaining(FIRST);
    assertThat(remote.contentRequests()).isLessThan(20);
  }

  @Test
  void whatAProxyCompressesUnaskedIsReadAllTheSame() throws IOException {
    byte[] config = files.get("config.json");
    remote.fault("/config.json$", 1, remote.storage().compressing(config, "X-Repo-Commit", commit));
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
  }

  @Test
  void aStalledBodyEndsInATimeOutAndIsGoneOnWith() throws IOException {
    with(Map.of("idleTimeout", Duration.ofMillis(300)));
    CompletableFuture<Void> end = new CompletableFuture<>();
    remote.fault(
        STORAGE,
        1,
        exchange -> {
          byte[] content = remote.storage().content(exchange);
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, 5000);
          exchange.getResponseBody().flush();
          end.completeOnTimeout(null, 1, TimeUnit.MINUTES).join();
        });
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    assertThat(end).as("the body that stalled").isNotDone();
    end.complete(null);
  }

  @Test
  void aTrickleIsNoDownload() throws IOException {
    with(Map.of("attempts", 1, "rateWindow", Duration.ofMillis(300)));
    CompletableFuture<Void> end = new CompletableFuture<>();
    remote.fault(
        STORAGE,
        1,
        exchange -> {
          exchange.sendResponseHeaders(200, remote.storage().content(exchange).length);
          while (!end.isDone()) {
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush();
            end.completeOnTimeout(null, 1, TimeUnit.MINUTES);
            LockSupport.parkNanos(50_000_000);
          }
        });
    assertThat(refused()).hasMessageContaining("fewer than 1024 bytes a second");
    end.complete(null);
  }

  @Test
  void anExpiredAddressIsAskedForAgain() throws IOException {
    remote.fault(STORAGE, 1, remote.storage().cutAfter(150_000));
    remote.fault(STORAGE, 1, HubDouble.status(403));
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    assertThat(
            remote.requests().stream()
                .filter(it -> it.path().contains("/resolve/") && it.path().endsWith(FIRST)))
        .hasSize(3);
  }

  static Stream<List<String>> passing() {
    return Stream.of(
        List.of("429", "RateLimit", "\"resolvers\";r=0;t=0"),
        List.of("429", "Retry-After", "1"),
        List.of("429", "Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),
        List.of("429", "Retry-After", "soon"),
        List.of("429"),
        List.of("503"),
        List.of("408"));
  }

  @ParameterizedTest
  @MethodSource("passing")
  void aBusyHubIsWaitedFor(List<String> answer) throws IOException {
    String[] headers = answer.subList(1, answer.size()).toArray(String[]::new);
    // What says how long to wait is waited for once only.
    String asked = headers.length > 0 ? headers[0] : "";
    if (!asked.equals("Retry-After")) {
      remote.fault("/resolve/", 1, HubDouble.status(Integer.parseInt(answer.get(0)), headers));
    }
    if (!asked.equals("RateLimit")) {
      remote.fault("^/api/", 1, HubDouble.status(Integer.parseInt(answer.get(0)), headers));
    }
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
  }

  @Test
  void aHubThatStaysBusyIsGivenUp() {
    remote.fault("^/api/", 100, HubDouble.status(503));
    FetchException refused = refused();
    assertThat(refused.isPassing()).isTrue();
    assertThat(refused).hasMessageContaining("127.0.0.1 answers with status 503");
  }

  @Test
  void aPushInBetweenChangesNothing() throws IOException {
    remote.fault(
        "/tree/",
        1,
        exchange -> {
          remote.push(ID, HubTests.model(7));
          HubDouble.status(503).handle(exchange);
        });
    try (ModelInUse model = use()) {
      assertThat(model.version().revision()).isEqualTo(commit);
      assertWhole(model.folder());
    }
  }

  @Test
  void aDownloadThatIsNotWantedAnyMoreEnds() {
    DownloadObserver observer = new CancelsAtFirst();
    assertThatThrownBy(() -> hub.use(HubReference.model(ID, null), null, observer))
        .hasMessage("cancelled");
    use().close();
  }

  @Test
  void ofAModelThatIsNotThereTheHeadersAreRead() throws IOException {
    HubReference pinned = hub.pin(HubReference.model(ID, null)).reference();
    Path folder = hub.headers(pinned);
    assertThat(folder.resolve("config.json")).hasBinaryContent(files.get("config.json"));
    Path shard = folder.resolve(FIRST);
    assertThat(Files.size(shard)).isEqualTo(files.get(FIRST).length);
    byte[] begin = Arrays.copyOf(files.get(FIRST), 70);
    assertThat(Arrays.copyOf(Files.readAllBytes(shard), 70)).isEqualTo(begin);
    assertThat(remote.storage().sent()).isLessThan(200_000);
    remote.forgetRequests();
    assertThat(hub.headers(pinned)).isEqualTo(folder);
    assertThat(remote.requests()).isEmpty();
  }

  @Test
  void aRenamedRepositoryIsFollowed() throws IOException {
    remote.fault(
        "^/api/models/org/former/revision",
        1,
        HubDouble.status(307, "Location", "/api/models/org/tiny-moe/revision/main"));
    remote.fault(
        "^/api/models/org/former/tree",
        1,
        exchange ->
            HubDouble.status(
                    307,
                    "Location",
                    remote.endpoint()
                        + "/api/models/org/tiny-moe/tree/"
                        + commit
                        + "?"
                        + exchange.getRequestURI().getRawQuery())
                .handle(exchange));
    remote.fault(
        "^/org/former/resolve/",
        100,
        exchange ->
            HubDouble.status(
                    307,
                    "Location",
                    exchange.getRequestURI().getPath().replace("/org/former/", "/org/tiny-moe/"))
                .handle(exchange));
    try (ModelInUse model =
        hub.use(HubReference.model("org/former", null), null, DownloadObserver.NONE)) {
      assertWhole(model.folder());
    }
  }
}
