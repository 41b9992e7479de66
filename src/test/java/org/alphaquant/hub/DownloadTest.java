package org.alphaquant.hub;

import static org.alphaquant.hub.HubTests.ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.DownloadProgress;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.unit.DataSize;

class DownloadTest {

  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String STORAGE = "^/" + FIRST;

  private static JdbcClient sql;

  @TempDir Path dataDir;
  private HubDouble remote;
  private Hub hub;
  private Map<String, byte[]> files;
  private String commit;

  @BeforeAll
  static void database() {
    sql = TestDatabases.client();
  }

  @BeforeEach
  void start() {
    remote = new HubDouble();
    files = HubTests.model(1);
    commit = remote.push(ID, files);
    remote.license(ID, "apache-2.0");
    hub = HubTests.hub(remote, dataDir, sql, Map.of());
  }

  @AfterEach
  void stop() throws IOException {
    hub.close();
    remote.close();
  }

  private ModelInUse use() {
    return hub.use(HubReference.model(ID, null), "ann", DownloadObserver.NONE);
  }

  private Hub with(Map<String, Object> changed) throws IOException {
    hub.close();
    hub = HubTests.hub(remote, dataDir, sql, changed);
    return hub;
  }

  private FetchException refused() {
    return catchThrowableOfType(FetchException.class, this::use);
  }

  private void assertWhole(Path folder) throws IOException {
    for (String name : List.of("config.json", "tokenizer.json", FIRST)) {
      assertThat(folder.resolve(name)).hasBinaryContent(files.get(name));
    }
    assertThat(folder.resolve("pytorch_model.bin")).doesNotExist();
    assertThat(folder.resolve("adapter.safetensors")).doesNotExist();
    assertThat(folder.resolve("original")).doesNotExist();
  }

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
    String blob = HubDouble.gitHash(files.get("config.json"));
    assertThat(Files.readSymbolicLink(link)).hasToString("../../blobs/" + blob);
    assertThat(repository.resolve("blobs/" + HubDouble.hash("SHA-256", files.get(FIRST))))
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
    remote.fault(STORAGE, 4, remote.cutAfter(60_000));
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    assertThat(remote.requests())
        .anySatisfy(it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=60000-"))
        .anySatisfy(it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=240000-"));
  }

  @Test
  void aDownloadThatWasGivenUpGoesOnAfterARestart() throws IOException {
    remote.fault(STORAGE, 1, remote.cutAfter(200_000));
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
    remote.fault(STORAGE, 1, remote.cutAfter(100_000));
    remote.fault(STORAGE, 1, remote.ignoringRanges());
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
  }

  @Test
  void wrongBytesAreFetchedOnceMoreAndNeverKept() throws IOException {
    remote.fault(STORAGE, 1, remote.wrongByte());
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    hub.delete(HubReference.model(ID, null));
    remote.fault(STORAGE, 2, remote.wrongByte());
    assertThat(refused()).hasMessageContaining("came twice with other bytes than its hash says");
    assertThat(
            dataDir.resolve(
                "hub/models--org--tiny-moe/blobs/" + HubDouble.hash("SHA-256", files.get(FIRST))))
        .doesNotExist();
  }

  @Test
  void aFileThatStaysShorterThanItsListSaysIsGivenUp() {
    remote.fault(STORAGE, 1000, remote.endingAfter(290_000));
    assertThat(refused()).hasMessageContaining(FIRST);
    assertThat(remote.contentRequests()).isLessThan(20);
  }

  @Test
  void whatAProxyCompressesUnaskedIsReadAllTheSame() throws IOException {
    byte[] config = files.get("config.json");
    remote.fault("/config.json$", 1, remote.compressing(config, "X-Repo-Commit", commit));
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
  }

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
    assertThat(refused()).hasMessageContaining("has no end");
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
  void aStalledBodyEndsInATimeOutAndIsGoneOnWith() throws IOException {
    CompletableFuture<Void> never = new CompletableFuture<>();
    remote.fault(
        STORAGE,
        1,
        exchange -> {
          byte[] content = remote.content(exchange);
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, 5000);
          exchange.getResponseBody().flush();
          never.orTimeout(5, TimeUnit.SECONDS).exceptionally(it -> null).join();
        });
    long start = System.nanoTime();
    try (ModelInUse model = use()) {
      assertWhole(model.folder());
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    never.complete(null);
  }

  @Test
  void aTrickleIsNoDownload() throws IOException {
    with(Map.of("attempts", 1, "rateWindow", Duration.ofMillis(300)));
    CompletableFuture<Void> end = new CompletableFuture<>();
    remote.fault(
        STORAGE,
        1,
        exchange -> {
          exchange.sendResponseHeaders(200, remote.content(exchange).length);
          while (!end.isDone()) {
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush();
            end.completeOnTimeout(null, 5, TimeUnit.SECONDS);
            LockSupport.parkNanos(50_000_000);
          }
        });
    assertThat(refused()).hasMessageContaining("fewer than 1024 bytes a second");
    end.complete(null);
  }

  @Test
  void anExpiredAddressIsAskedForAgain() throws IOException {
    remote.fault(STORAGE, 1, remote.cutAfter(150_000));
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
  void aDownloadThatIsNotWantedAnyMoreEnds() {
    List<DownloadProgress> seen = new ArrayList<>();
    DownloadObserver observer =
        new DownloadObserver() {
          @Override
          public void progress(DownloadProgress progress) {
            seen.add(progress);
          }

          @Override
          public void ensureWanted() {
            if (!seen.isEmpty()) {
              throw new IllegalStateException("cancelled");
            }
          }
        };
    assertThatThrownBy(() -> hub.use(HubReference.model(ID, null), null, observer))
        .hasMessage("cancelled");
    use().close();
  }

  @Test
  void anOwnersShareOfTheCacheIsBounded() throws IOException {
    with(Map.of("maxOwnerSize", DataSize.ofKilobytes(500)));
    assertThat(refused().kind()).isEqualTo(Kind.NOT_ALLOWED);
    assertThat(refused()).hasMessageContaining("alphaquant.hub.max-owner-size");
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
    assertThat(remote.sent()).isLessThan(200_000);
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
