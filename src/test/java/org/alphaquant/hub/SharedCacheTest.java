package org.alphaquant.hub;

import static org.alphaquant.hub.HubTests.ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.alphaquant.Waiting;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.unit.DataSize;

/** Several processes, here several hubs, with one cache. */
class SharedCacheTest {

  @TempDir Path dataDir;
  private static JdbcClient sql;
  private final List<Hub> hubs = new ArrayList<>();
  private HubDouble remote;

  @BeforeAll
  static void database() {
    sql = TestDatabases.client();
  }

  @BeforeEach
  void start() {
    remote = new HubDouble();
    remote.push(ID, HubTests.model(1));
  }

  @AfterEach
  void stop() throws IOException {
    for (Hub hub : hubs) {
      hub.close();
    }
    remote.close();
  }

  private Hub hub(Map<String, Object> changed) {
    Hub hub = HubTests.hub(remote, dataDir, sql, changed);
    hubs.add(hub);
    return hub;
  }

  private static ModelInUse use(Hub hub, String id) {
    return hub.use(HubReference.model(id, null), "ann", DownloadObserver.NONE);
  }

  @Test
  void eachFileIsFetchedOnceHoweverManyWantIt() throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(4);
    List<Future<ModelInUse>> models = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Hub hub = hub(Map.of());
      models.add(workers.submit(() -> use(hub, ID)));
    }
    for (Future<ModelInUse> model : models) {
      assertThat(model.get().folder().resolve("model-00002-of-00002.safetensors"))
          .hasBinaryContent(HubTests.model(1).get("model-00002-of-00002.safetensors"));
      model.get().close();
    }
    workers.shutdown();
    assertThat(remote.contentRequests()).isEqualTo(2);
  }

  @Test
  void whatAProcessThatDiedHeldIsTakenOverWithWhatItHad() throws IOException {
    Hub hub = hub(Map.of());
    byte[] content = HubTests.model(1).get("model-00001-of-00002.safetensors");
    String etag = HubStorage.hash("SHA-256", content);
    Path folder = Files.createDirectories(dataDir.resolve("hub.alphaquant"));
    UUID cache = UUID.randomUUID();
    Files.writeString(folder.resolve("id"), cache.toString());
    UUID dead = UUID.randomUUID();
    sql.sql("insert into hub_download values (:cache, :blob, :holder, now() + interval '1 second')")
        .param("cache", cache)
        .param("blob", "models--org--tiny-moe/" + etag)
        .param("holder", dead)
        .update();
    Path parts = Files.createDirectories(folder.resolve("parts"));
    Files.write(
        parts.resolve(etag + "-" + shortHash("models--org--tiny-moe") + "." + dead),
        Arrays.copyOf(content, 250_000));
    use(hub, ID).close();
    assertThat(remote.requests())
        .filteredOn(it -> it.host().equals("localhost") && it.path().contains("model-00001"))
        .singleElement()
        .satisfies(it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=250000-"));
  }

  private static String shortHash(String name) {
    return UUID.nameUUIDFromBytes(HubTests.bytes(name)).toString().substring(0, 8);
  }

  @Test
  void twoModelsThatShareAFileDoNotTakeEachOthersPart() throws Exception {
    String other = "org/tiny-moe-tuned";
    remote.push(other, HubTests.model(1));
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    remote.fault("^/model-00001-of-00002", 1, remote.storage().pausing(50_000, begun, goOn));
    ExecutorService worker = Executors.newSingleThreadExecutor();
    Future<ModelInUse> first = worker.submit(() -> use(hub(Map.of()), ID));
    assertThat(begun.await(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
    use(hub(Map.of()), other).close();
    goOn.countDown();
    try (ModelInUse model = first.get()) {
      assertThat(model.folder().resolve("model-00001-of-00002.safetensors"))
          .hasBinaryContent(HubTests.model(1).get("model-00001-of-00002.safetensors"));
    }
    worker.shutdown();
  }

  @Test
  void whatWasUsedLongestAgoMakesRoomAndWhatIsInUseDoesNot() {
    for (String id : List.of("org/a", "org/b", "org/c", "org/d")) {
      remote.push(id, HubTests.model(id.hashCode()));
    }
    Hub hub = hub(Map.of("maxCacheSize", DataSize.ofKilobytes(1300)));
    ModelInUse a = use(hub, "org/a");
    use(hub, "org/b").close();
    ModelInUse c = use(hub, "org/c");
    assertThat(hub.list()).extracting(it -> it.reference().id()).containsExactly("org/a", "org/c");
    assertThatThrownBy(() -> use(hub, "org/d"))
        .hasMessageContaining("alphaquant.hub.max-cache-size")
        .hasMessageContaining("all in use");
    a.close();
    use(hub, "org/d").close();
    assertThat(hub.delete((HubReference) c.version())).isFalse();
    c.close();
    assertThat(hub.delete((HubReference) c.version())).isTrue();
    assertThat(hub.list()).extracting(it -> it.reference().id()).containsExactly("org/d");
  }

  /** Deletes and claims meet at random instants; whoever has a model has all of it. */
  @Test
  void aModelInUseIsNeverDeleted() throws Exception {
    useAndDelete(4);
  }

  @Test
  @Tag("faults")
  void aModelInUseIsNeverDeletedHoweverOften() throws Exception {
    useAndDelete(60);
  }

  private void useAndDelete(int rounds) throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(6);
    List<Future<Integer>> done = new ArrayList<>();
    byte[] expected = HubTests.model(1).get("model-00001-of-00002.safetensors");
    CountDownLatch using = new CountDownLatch(3);
    for (int i = 0; i < 3; i++) {
      Hub hub = hub(Map.of());
      Random random = new Random(i);
      done.add(workers.submit(() -> useOften(hub, rounds, expected, random, using)));
    }
    for (int i = 0; i < 2; i++) {
      Hub hub = hub(Map.of());
      Random random = new Random(10 + i);
      done.add(workers.submit(() -> deleteOften(hub, random, using)));
    }
    int deleted = 0;
    for (Future<Integer> one : done) {
      deleted += one.get();
    }
    workers.shutdown();
    assertThat(deleted).as("deletions that found nobody").isPositive();
  }

  private static int useOften(
      Hub hub, int rounds, byte[] expected, Random random, CountDownLatch using)
      throws IOException {
    try {
      for (int round = 0; round < rounds; round++) {
        spin(random);
        try (ModelInUse model = use(hub, ID)) {
          assertThat(model.folder().resolve("model-00001-of-00002.safetensors"))
              .hasBinaryContent(expected);
          spin(random);
          assertThat(model.folder().resolve("model-00002-of-00002.safetensors")).exists();
        }
      }
      return 0;
    } finally {
      using.countDown();
    }
  }

  private static int deleteOften(Hub hub, Random random, CountDownLatch using) {
    int deleted = 0;
    while (using.getCount() > 0) {
      spin(random);
      deleted += hub.delete(HubReference.model(ID, null)) ? 1 : 0;
    }
    return deleted;
  }

  /** Up to some milliseconds, so that the steps of several threads meet in ever other orders. */
  private static void spin(Random random) {
    long until = System.nanoTime() + random.nextInt(15_000_000);
    while (System.nanoTime() < until) {
      Thread.yield();
    }
  }

  @Test
  void aCacheThatOthersFilledIsReadWithoutAWordToTheHub() throws IOException {
    Path other = dataDir.resolve("theirs");
    use(hub(Map.of()), ID).close();
    Files.move(dataDir.resolve("hub"), other);
    HubSettings settings = HubTests.settings(remote.endpoint(), Map.of("offline", true));
    HubPlace place = HubPlace.of(settings, Map.of("HF_HUB_CACHE", other.toString()), dataDir);
    remote.forgetRequests();
    try (Hub hub = HubTests.hub(settings, place, sql);
        ModelInUse model = use(hub, ID)) {
      assertThat(model.folder()).startsWith(other);
      assertThat(hub.list()).singleElement().satisfies(it -> assertThat(it.owned()).isFalse());
    }
    assertThat(remote.requests()).isEmpty();
  }
}
