package org.alphaquant.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.ModelCache;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.hub.CancelsAtFirst;
import org.alphaquant.hub.HubStorage;
import org.alphaquant.job.JobResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;
import tools.jackson.databind.json.JsonMapper;

/** Results in a store: all of one, or none. */
class StoredResultsTest {

  private static final JdbcClient SQL = TestDatabases.client();
  private static final int LARGE = (5 << 20) + 1;
  @RegisterExtension private static final S3Double remote = new S3Double();

  @TempDir Path folder;
  private final UUID job = UUID.randomUUID();
  private final StoreAddress location = new StoreAddress("lab", "results/" + job);
  private final List<JobResult.Artifact> artifacts = new ArrayList<>();
  private ModelCache cache;
  private Stores stores;
  private StoreRows rows;
  private StoredResults results;

  @BeforeEach
  void start() throws IOException {
    cache = StoresTest.cache(folder.resolve("cache"));
    stores = new Stores(Map.of("lab", remote.settings(Map.of())), cache);
    rows = new StoreRows(SQL);
    results =
        new StoredResults(
            stores,
            rows,
            TransactionOperations.withoutTransaction(),
            new ResultSettings("s3://lab/results", null, true, Duration.ofMinutes(5)));
    write("config.json", "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    byte[] large = new byte[LARGE];
    new Random(1).nextBytes(large);
    write("model.safetensors", large);
    remote.forgetRequests();
  }

  @AfterEach
  void stop() {
    stores.close();
    cache.close();
  }

  private void write(String name, byte[] content) throws IOException {
    Files.write(folder.resolve(name), content);
    artifacts.add(
        new JobResult.Artifact(name, content.length, HubStorage.hash("SHA-256", content)));
  }

  private void put(long attempt) throws IOException {
    results.put(job, attempt, location, folder, artifacts, DownloadObserver.NONE);
  }

  private String key(String name) {
    return location.below(name).path();
  }

  private JobResult.Artifact large() {
    return artifacts.get(1);
  }

  @Test
  void aResultIsPutInPartsAndItsManifestLast() throws IOException {
    put(1);
    assertThat(remote.get(key("model.safetensors")))
        .isEqualTo(Files.readAllBytes(folder.resolve("model.safetensors")));
    assertThat(remote.requests("PUT .*partNumber")).hasSize(2);
    List<String> lines = remote.requests().stream().map(S3Double.Request::line).toList();
    assertThat(lines.get(lines.size() - 1)).startsWith("PUT").contains(StoredResults.MANIFEST);
    assertThat(
            JsonMapper.shared()
                .readTree(remote.get(key(StoredResults.MANIFEST)))
                .at("/files/1/sha256")
                .asString())
        .isEqualTo(large().sha256());
    assertThat(rows.uploads(job, location)).isEmpty();
  }

  @Test
  void aBrokenUploadIsNoResultAndTheNextAttemptSendsOnlyTheRest() throws IOException {
    remote.fault("PUT .*" + job + ".*partNumber=2", 3, S3Double.status(503));
    assertThatThrownBy(() -> put(1))
        .isInstanceOfSatisfying(FetchException.class, it -> assertThat(it.isPassing()).isTrue());
    assertThat(remote.keys()).doesNotContain(key(StoredResults.MANIFEST));
    assertThat(results.find(location.toString(), large())).isEmpty();
    assertThat(remote.uploads()).anyMatch(it -> it.key().equals(key("model.safetensors")));
    remote.forgetRequests();
    put(2);
    assertThat(remote.requests("PUT .*partNumber"))
        .singleElement()
        .satisfies(it -> assertThat(it.line()).contains("partNumber=2"));
    assertThat(remote.requests("PUT .*config.json")).isEmpty();
    assertThat(remote.get(key("model.safetensors"))).hasSize(LARGE);
  }

  @Test
  void anUploadThatTheStoreForgotIsBegunAnew() throws IOException {
    remote.fault(
        "PUT .*" + job + ".*partNumber=2",
        1,
        exchange -> {
          remote.uploads().stream()
              .filter(it -> it.key().equals(key("model.safetensors")))
              .forEach(remote::abort);
          remote.cutAfter(0).handle(exchange);
        });
    put(1);
    assertThat(remote.get(key("model.safetensors")))
        .isEqualTo(Files.readAllBytes(folder.resolve("model.safetensors")));
    assertThat(remote.requests("POST .*uploads")).hasSize(2);
  }

  @Test
  void aBusyStoreIsWaitedFor() throws IOException {
    remote.fault("(PUT|POST|HEAD|DELETE) .*" + job, 2, S3Double.status(503));
    remote.fault("PUT .*" + job + ".*partNumber=2", 1, S3Double.status(500));
    put(1);
    assertThat(results.find(location.toString(), large())).isPresent();
  }

  @Test
  void anUploadThatIsNotWantedAnyMoreEnds() {
    DownloadObserver observer = new CancelsAtFirst();
    assertThatThrownBy(() -> results.put(job, 1, location, folder, artifacts, observer))
        .hasMessage("cancelled");
    assertThat(remote.keys()).doesNotContain(key(StoredResults.MANIFEST));
  }

  @Test
  void noJobPutsItsResultOverAnothers() throws IOException {
    put(1);
    assertThatThrownBy(() -> results.requireFree(location, null))
        .hasMessageContaining("holds the result of job " + job);
    results.requireFree(location, job);
    assertThatThrownBy(
            () ->
                results.put(
                    UUID.randomUUID(), 1, location, folder, artifacts, DownloadObserver.NONE))
        .hasMessageContaining("holds the result of job " + job);
    // Its own, of an attempt that ended before its row said so, is put again.
    put(2);
    assertThat(
            JsonMapper.shared()
                .readTree(remote.get(key(StoredResults.MANIFEST)))
                .path("attempt")
                .asInt())
        .isEqualTo(2);
  }

  @Test
  void aWriterThatComesInBetweenIsFoundOut() {
    remote.fault(
        "PUT .*" + job + "/config.json",
        1,
        exchange -> {
          remote.put(key(StoredResults.MANIFEST), new byte[] {'{', '}'}, Map.of());
          S3Double.status(503).handle(exchange);
        });
    assertThatThrownBy(() -> put(1)).hasMessageContaining("another result was put at");
  }

  @Test
  void aStoreThatKnowsNoConditionsTakesAResultToo() throws IOException {
    remote.fault("PUT .*" + job + ".*" + StoredResults.MANIFEST, 1, S3Double.status(501));
    put(1);
    assertThat(remote.keys()).contains(key(StoredResults.MANIFEST));
  }

  @Test
  void aFileIsReadFromAnyPlaceOfIt() throws IOException {
    put(1);
    StoredArtifact artifact = results.find(location.toString(), large()).orElseThrow();
    remote.forgetRequests();
    byte[] expected = Files.readAllBytes(folder.resolve("model.safetensors"));
    try (InputStream content = artifact.getInputStream()) {
      assertThat(content.skip(LARGE - 5)).isEqualTo(LARGE - 5);
      assertThat(content.readAllBytes()).isEqualTo(Arrays.copyOfRange(expected, LARGE - 5, LARGE));
    }
    assertThat(remote.requests())
        .singleElement()
        .satisfies(
            it ->
                assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=" + (LARGE - 5) + "-"));
    remote.put(key("model.safetensors"), new byte[LARGE], Map.of());
    assertThat(results.find(location.toString(), large())).isEmpty();
  }

  @Test
  void aLinkIsGoodForAWhileAndForOneFile() throws IOException {
    put(1);
    StoredArtifact artifact = results.find(location.toString(), artifacts.get(0)).orElseThrow();
    String link = results.link(artifact).orElseThrow().toString();
    assertThat(link).contains("X-Amz-Expires=300").doesNotContain(S3Double.SECRET_KEY);
    HttpURLConnection connection =
        (HttpURLConnection) java.net.URI.create(link).toURL().openConnection();
    assertThat(connection.getInputStream().readAllBytes()).asString().isEqualTo("{}");
    assertThat(connection.getHeaderField("Content-Disposition")).contains("config.json");
  }

  @Test
  void whatAJobThatIsGoneLeftIsDeletedWithItsUploads() throws IOException {
    remote.fault("PUT .*" + job + ".*partNumber=2", 3, S3Double.status(503));
    assertThatThrownBy(() -> put(1)).isInstanceOf(FetchException.class);
    assertThat(results.sweep(0, 100)).as("its row may be about to be seen").isFalse();
    SQL.sql("update stored_file set created_at = now() - interval '2 minutes' where job = :job")
        .param("job", job)
        .update();
    remote.fault("DELETE .*" + job, 3, S3Double.status(503));
    assertThat(results.sweep(0, 100)).as("while the store is away").isFalse();
    assertThat(results.sweep(0, 100)).isTrue();
    assertThat(remote.keys()).noneMatch(it -> it.contains(job.toString()));
    assertThat(remote.uploads()).noneMatch(it -> it.key().contains(job.toString()));
    assertThat(rows.files(job, location)).isEmpty();
    assertThat(results.sweep(0, 100)).isFalse();
  }

  @Test
  void jobsWriteOnlyWhereTheyMay() {
    assertThat(results.location(job, null)).contains(location);
    assertThat(results.location(job, "s3://lab/mine")).contains(new StoreAddress("lab", "mine"));
    assertThatThrownBy(() -> results.location(job, "s3://lab"))
        .hasMessageContaining("must name a place");
    assertThatThrownBy(() -> results.location(job, "s3://other/x"))
        .hasMessageContaining("there is no store 'other'");
    stores.close();
    stores = new Stores(Map.of("lab", remote.settings(Map.of("writable", false))), cache);
    StoredResults readOnly =
        new StoredResults(
            stores,
            rows,
            TransactionOperations.withoutTransaction(),
            new ResultSettings(null, null, false, Duration.ofMinutes(5)));
    assertThat(readOnly.location(job, null)).isEmpty();
    assertThatThrownBy(() -> readOnly.location(job, "s3://lab/mine"))
        .hasMessageContaining("alphaquant.stores.lab.writable");
  }
}
