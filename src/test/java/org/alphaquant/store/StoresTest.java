package org.alphaquant.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.cache.CacheSettings;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FileInUse;
import org.alphaquant.cache.ModelCache;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.hub.HubStorage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.unit.DataSize;

/** Models and texts from a store, whole, whatever happens on the way. */
class StoresTest {

  private static final String WEIGHTS = "model.safetensors";
  private static final JdbcClient SQL = TestDatabases.client();
  @RegisterExtension private static final S3Double remote = new S3Double();

  @TempDir Path folder;
  private final Map<String, byte[]> files = model();
  private StoreAddress model;
  private ModelCache cache;
  private Stores stores;

  @BeforeEach
  void start() {
    model = new StoreAddress("lab", "tiny-" + System.nanoTime());
    files.forEach((name, content) -> remote.put(model.path() + "/" + name, content, Map.of()));
    with(Map.of());
    remote.forgetRequests();
  }

  private void with(Map<String, Object> changed) {
    cache = cache(folder);
    stores = new Stores(Map.of("lab", remote.settings(changed)), cache);
  }

  static ModelCache cache(Path folder) {
    return cache(folder, Duration.ofSeconds(20));
  }

  private static ModelCache cache(Path folder, Duration rateWindow) {
    CacheSettings settings =
        new CacheSettings(
            null,
            null,
            4,
            Duration.ofSeconds(20),
            DataSize.ofKilobytes(1),
            rateWindow,
            2,
            Duration.ofMillis(10));
    return new ModelCache(settings, folder.resolve("hub"), List.of(), SQL, Duration.ofSeconds(3));
  }

  @AfterEach
  void stop() {
    stores.close();
    cache.close();
  }

  private static Map<String, byte[]> model() {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("config.json", bytes("{\"model_type\": \"olmoe\"}"));
    files.put("tokenizer.json", bytes("{}"));
    files.put("pytorch_model.bin", new byte[2000]);
    byte[] weights = new byte[300_000];
    new Random(1).nextBytes(weights);
    files.put(WEIGHTS, weights);
    return files;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private ModelInUse use() {
    return stores.use(model, null, "ann", DownloadObserver.NONE);
  }

  private FetchException refused() {
    return catchThrowableOfType(FetchException.class, () -> use().close());
  }

  private void assertWhole(Path snapshot) throws IOException {
    for (String name : List.of("config.json", "tokenizer.json", WEIGHTS)) {
      assertThat(Files.readAllBytes(snapshot.resolve(name))).isEqualTo(files.get(name));
    }
    assertThat(snapshot.resolve("pytorch_model.bin")).doesNotExist();
  }

  @Test
  void aModelIsBroughtOnceAndListedWithItsRevision() throws IOException {
    String revision = stores.revision(model);
    try (ModelInUse first = use()) {
      assertWhole(first.folder());
      assertThat(first.version().revision()).isEqualTo(revision);
    }
    remote.forgetRequests();
    stores.use(model, revision, "ann", DownloadObserver.NONE).close();
    assertThat(remote.requests()).isEmpty();
    assertThat(stores.list())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.address()).isEqualTo(model);
              assertThat(it.complete()).isTrue();
            });
    assertThat(stores.delete(model)).isTrue();
    assertThat(stores.list()).isEmpty();
  }

  @Test
  void aCutBodyGoesOnWhereItEnded() throws IOException {
    remote.fault("GET .*" + model.path() + "/" + WEIGHTS, 2, remote.cutAfter(100_000));
    try (ModelInUse brought = use()) {
      assertWhole(brought.folder());
    }
    assertThat(remote.requests("GET .*" + WEIGHTS))
        .extracting(it -> it.headers().getFirst("Range"))
        .containsSubsequence("bytes=100000-", "bytes=200000-");
  }

  @Test
  void aBusyStoreIsWaitedForAndGivenUpInTheEnd() throws IOException {
    remote.fault("GET .*" + model.path(), 2, S3Double.status(503));
    remote.fault("GET .*" + model.path() + "/" + WEIGHTS, 2, S3Double.status(503));
    try (ModelInUse brought = use()) {
      assertWhole(brought.folder());
    }
    remote.fault("GET .*list-type", 3, S3Double.status(503));
    StoreAddress other = model.below("config.json");
    FetchException refused =
        catchThrowableOfType(FetchException.class, () -> stores.revision(other));
    assertThat(refused.isPassing()).isTrue();
    assertThat(refused).hasMessageContaining("the store 'lab' answers").hasMessageContaining("503");
  }

  @Test
  void whatWasSeenLastIsTakenWhileTheStoreIsAway() {
    String revision = stores.revision(model);
    remote.fault("GET .*list-type", 3, S3Double.status(503));
    assertThat(stores.revision(model)).isEqualTo(revision);
  }

  @Test
  void aTrickleIsNoDownload() {
    stores =
        new Stores(Map.of("lab", remote.settings(Map.of())), cache(folder, Duration.ofMillis(300)));
    CompletableFuture<Void> end = new CompletableFuture<>();
    remote.fault(
        "GET .*" + model.path() + "/" + WEIGHTS,
        4,
        exchange -> {
          exchange.sendResponseHeaders(200, files.get(WEIGHTS).length);
          while (!end.isDone()) {
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush();
            end.completeOnTimeout(null, 1, TimeUnit.MINUTES);
            LockSupport.parkNanos(50_000_000);
          }
        });
    assertThat(refused())
        .hasMessageContaining("the store 'lab' sends fewer than 1024 bytes a second");
    end.complete(null);
  }

  @Test
  void wrongBytesAreFetchedOnceMoreAndNeverKept() throws IOException {
    byte[] wrong = files.get(WEIGHTS).clone();
    wrong[5] ^= 1;
    remote.fault(
        "GET .*" + model.path() + "/" + WEIGHTS,
        1,
        exchange -> {
          exchange.sendResponseHeaders(200, wrong.length);
          exchange.getResponseBody().write(wrong);
        });
    try (ModelInUse brought = use()) {
      assertWhole(brought.folder());
    }
    assertThat(remote.requests("GET .*" + WEIGHTS)).hasSize(2);
  }

  @Test
  void aHashThatTheStoreKeepsIsWhatCounts() {
    String other = HubStorage.hash("SHA-256", bytes("other"));
    remote.put(model.path() + "/" + WEIGHTS, files.get(WEIGHTS), Map.of("sha256", other));
    assertThat(refused()).hasMessageContaining("was received twice with a wrong hash");
  }

  @Test
  void whatChangesInBetweenIsRefusedAndNotMixed() {
    remote.fault(
        "GET .*" + model.path() + "/" + WEIGHTS,
        1,
        exchange -> {
          remote.put(model.path() + "/" + WEIGHTS, new byte[300_000], Map.of());
          remote.cutAfter(10).handle(exchange);
        });
    assertThat(refused()).hasMessageContaining("has changed since it was looked up");
    String before = "0".repeat(40);
    assertThatThrownBy(() -> stores.use(model, before, null, DownloadObserver.NONE))
        .hasMessageContaining("has changed: it is at revision ")
        .hasMessageContaining("not at " + before);
  }

  @Test
  void aWrongKeyIsToldWithoutItsSecret() {
    stop();
    with(Map.of("secretKey", "not-the-secret"));
    FetchException refused = refused();
    assertThat(refused.kind()).isEqualTo(FetchException.Kind.ACCESS);
    assertThat(refused)
        .hasMessage(
            "the store 'lab' refuses '%s' to the keys of alphaquant.stores.lab (SignatureDoesNotMatch)"
                .formatted(model));
    assertThat(remote.settings(Map.of()).toString()).doesNotContain(S3Double.SECRET_KEY);
  }

  @Test
  void onlyStoresThatTheOperatorNamedAreAsked() {
    assertThatThrownBy(() -> stores.revision(new StoreAddress("other", "x")))
        .hasMessage("there is no store 'other'; alphaquant.stores has lab");
    assertThatThrownBy(() -> stores.revision(new StoreAddress("lab", "nothing-here")))
        .hasMessage("there is nothing below 's3://lab/nothing-here'");
    stop();
    with(Map.of("readable", false));
    assertThat(refused()).hasMessageContaining("alphaquant.stores.lab.readable");
    remote.forgetRequests();
    stop();
    with(Map.of("prefix", "/only/this/"));
    assertThat(refused()).hasMessageContaining("there is nothing below");
    assertThat(remote.requests())
        .allSatisfy(it -> assertThat(it.line()).contains("prefix=only%2Fthis%2F"));
  }

  @Test
  void ofAModelThatIsNotHereTheHeadersAreRead() throws IOException {
    byte[] weights = weights();
    remote.put(model.path() + "/" + WEIGHTS, weights, Map.of());
    Path headers = stores.headers(model, null);
    assertThat(Files.size(headers.resolve(WEIGHTS))).isEqualTo(weights.length);
    assertThat(headers.resolve("config.json")).hasBinaryContent(files.get("config.json"));
    assertThat(remote.requests("GET .*" + WEIGHTS))
        .allSatisfy(it -> assertThat(it.headers()).containsKey("Range"));
  }

  private static byte[] weights() {
    byte[] weights = new byte[200_000];
    byte[] header = bytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}}");
    weights[0] = (byte) header.length;
    System.arraycopy(header, 0, weights, 8, header.length);
    return weights;
  }

  @Test
  void aFileOfTextsIsBrought() throws IOException {
    StoreAddress text = model.below("config.json");
    try (FileInUse file = stores.useFile(text, "ann", DownloadObserver.NONE)) {
      assertThat(file.path()).hasBinaryContent(files.get("config.json"));
      assertThat(file.version().toString()).startsWith(model + "@");
      assertThat(file.name()).isEqualTo("config.json");
    }
    assertThatThrownBy(() -> stores.useFile(model.below("none.txt"), "ann", DownloadObserver.NONE))
        .hasMessageContaining("none.txt' does not exist");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"s3://", "s3://UPPER/x", "s3://a/../b", "s3://a//b", "s3://a/b\\c", "s3://a/./b"})
  void whatIsNoPlaceIsRefused(String text) {
    assertThatThrownBy(() -> StoreAddress.of(text))
        .hasMessageContaining("is not a place in a store");
  }
}
