package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.alphaquant.Waiting;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.KeyWatch;
import org.alphaquant.security.Scope;
import org.alphaquant.security.SetupToken;
import org.alphaquant.server.ServerSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

class SecurityTest {

  private static final Duration LONGEST_AFTER = Waiting.LONGEST;
  private static final long LONG = 100L << 20;
  private static final String JOB = "{\"model\": \"m\"}";

  private static RunningServer server;
  private static Http http;
  private static String admin;
  private static String alice;
  private static String bob;
  private static String reader;

  @BeforeAll
  static void start() {
    server = new RunningServer();
    http = server.http();
    // The first key is made while everybody may.
    admin = key(null, "root", "admin", "read", "write");
    alice = key(admin, "alice", "read", "write");
    bob = key(admin, "bob", "read", "write");
    reader = key(admin, "alice", "read");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void withoutAKeyNothingBelowV1IsServed() {
    Answer answer = problem(http.get("/v1/jobs"), 401, "unauthorized");
    assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
    problem(http.postJson("/v1/jobs", JOB), 401, "unauthorized");
    problem(http.get("/v1/jobs", "Authorization", "Basic YTpi"), 401, "unauthorized");
    assertThat(http.get("/readyz").status()).isEqualTo(200);
  }

  @Test
  void aWrongSecretIsRefusedLikeAnUnknownKey() {
    String wrong = alice.substring(0, alice.length() - 4) + "AAAA";
    String unknown = "qk_zzzzzzzz_" + alice.substring(12);
    Answer first = problem(get("/v1/jobs", wrong), 401, "unauthorized");
    Answer second = problem(get("/v1/jobs", unknown), 401, "unauthorized");
    assertThat(first.at("/detail")).isEqualTo(second.at("/detail")).doesNotContain("qk_");
  }

  @Test
  void anAddressWhoseKeysAreWrongIsRefusedWithoutALookUpForAWhile() {
    try (RunningServer other =
        new RunningServer(Map.of("alphaquant.security.refused-keys-per-minute", 3))) {
      Http guarded = other.http();
      String key = keyAt(guarded, null, "root", "admin", "read");
      assertThat(guarded.get("/v1/jobs", bearer(key)).status()).isEqualTo(200);
      for (int i = 0; i < 3; i++) {
        problem(
            guarded.get("/v1/jobs", bearer("qk_zzzzzzz" + i + key.substring(11))),
            401,
            "unauthorized");
      }
      Answer answer =
          problem(
              guarded.get("/v1/jobs", bearer("qk_yyyyyyyy" + key.substring(11))),
              429,
              "rate-limited");
      assertThat(answer.header("Retry-After")).matches("[1-9]\\d*");
      assertThat(guarded.get("/v1/jobs", bearer(key)).status()).isEqualTo(200);
    }
  }

  @Test
  void ownersSeeOnlyTheirOwnJobs() {
    String job = post(alice).at("/id");
    assertThat(get("/v1/jobs/" + job, alice).at("/owner")).isEqualTo("alice");
    for (String path : new String[] {"", "/events", "/experts", "/artifacts", "/artifacts/x"}) {
      problem(get("/v1/jobs/" + job + path, bob), 404, "job-not-found");
    }
    problem(http.post("/v1/jobs/" + job + "/cancel", bearer(bob)), 404, "job-not-found");
    assertThat(get("/v1/jobs?owner=alice", bob).text()).doesNotContain(job);
    problem(get("/v1/jobs?after=" + job, bob), 400, "invalid-cursor");
    assertThat(get("/v1/jobs?owner=alice", admin).text()).contains(job);
    assertThat(get("/v1/jobs?owner=bob", admin).text()).doesNotContain(job);
    assertThat(get("/v1/jobs/" + job, admin).status()).isEqualTo(200);
  }

  @Test
  void theSameIdempotencyKeyOfTwoOwnersMakesTwoJobs() {
    String[] first = {"Authorization", "Bearer " + alice, "Idempotency-Key", "k1"};
    String[] second = {"Authorization", "Bearer " + bob, "Idempotency-Key", "k1"};
    assertThat(http.postJson("/v1/jobs", JOB, first).status()).isEqualTo(201);
    assertThat(http.postJson("/v1/jobs", JOB, second).status()).isEqualTo(201);
    assertThat(http.postJson("/v1/jobs", JOB, second).status()).isEqualTo(200);
  }

  @Test
  void aKeyDoesWhatItsScopesSay() {
    assertThat(get("/v1/jobs", reader).status()).isEqualTo(200);
    Answer answer = problem(http.postJson("/v1/jobs", JOB, bearer(reader)), 403, "forbidden");
    assertThat(answer.at("/detail")).contains("[read]");
    problem(get("/v1/keys", alice), 403, "forbidden");
    assertThat(get("/v1/keys", admin).json().get("data")).hasSizeGreaterThanOrEqualTo(4);
    Http management = server.management();
    assertThat(management.get("/actuator/prometheus").status()).isEqualTo(401);
    assertThat(management.get("/actuator/prometheus", bearer(reader)).status()).isEqualTo(200);
  }

  @Test
  void theApisPortShowsNothingOfTheProcessButWhetherItIsReady() {
    for (String path : new String[] {"", "/health", "/prometheus", "/info", "/env", "/heapdump"}) {
      assertThat(http.unchecked("/actuator" + path).status()).isIn(401, 404);
    }
    assertThat(http.get("/livez").at("/status")).isEqualTo("UP");
    assertThat(http.get("/readyz").text()).isEqualTo("{\"status\":\"UP\"}\n");
    assertThat(server.management().get("/actuator/health").status()).isEqualTo(200);
  }

  @Test
  void aRevokedKeyLetsNobodyIn() {
    String key = key(admin, "carol", "read");
    assertThat(get("/v1/jobs", key).status()).isEqualTo(200);
    Answer revoked = http.delete("/v1/keys/" + key.substring(3, 11), bearer(admin));
    assertThat(revoked.status()).isEqualTo(204);
    problem(get("/v1/jobs", key), 401, "unauthorized");
    problem(http.delete("/v1/keys/nokey", bearer(admin)), 404, "key-not-found");
  }

  @Test
  void anExpiredKeyLetsNobodyIn() {
    KeyRing keys = server.get(KeyRing.class);
    Instant past = Instant.now().minusSeconds(1);
    String expired = keys.create("dan", Set.of(Scope.READ), null, past).text();
    problem(get("/v1/jobs", expired), 401, "unauthorized");
  }

  @Test
  void aStreamEndsWithTheKeyThatOpenedIt() {
    String job = http.postJson("/v1/jobs", JOB, bearer(alice)).at("/id");
    String revoked = key(admin, "alice", "read");
    KeyRing keys = server.get(KeyRing.class);
    Instant later = Instant.now().plus(Duration.ofHours(1));
    String expiring = keys.create("alice", Set.of(Scope.READ), null, later).text();
    try (EventClient first = new EventClient(http, job, bearer(revoked));
        EventClient second = new EventClient(http, job, bearer(expiring));
        EventClient sound = new EventClient(http, job, bearer(alice))) {
      first.atLeast(1);
      expire(expiring);
      http.delete("/v1/keys/" + revoked.substring(3, 11), bearer(admin));
      assertTimeoutPreemptively(LONGEST_AFTER, first::untilClosed);
      assertTimeoutPreemptively(LONGEST_AFTER, second::untilClosed);
      int before = sound.atLeast(1).size();
      http.post("/v1/jobs/" + job + "/cancel", bearer(alice));
      assertThat(sound.untilClosed()).hasSizeGreaterThan(before);
      assertThat(first.untilClosed()).noneMatch(event -> event.data().toString().contains("CANC"));
    }
  }

  @Test
  void aDownloadEndsWithTheKeyThatItWasAskedForWith() throws Exception {
    String job = finishedWithALongFile();
    KeyRing keys = server.get(KeyRing.class);
    String expiring =
        keys.create("alice", Set.of(Scope.READ), null, Instant.now().plus(Duration.ofHours(1)))
            .text();
    String revoked = key(admin, "alice", "read");
    List<InputStream> downloads = new ArrayList<>();
    for (String path : new String[] {"artifacts/model.safetensors", "artifacts.tar", "log"}) {
      downloads.add(download(job, path, revoked));
      downloads.add(download(job, path, expiring));
    }
    expire(expiring);
    http.delete("/v1/keys/" + revoked.substring(3, 11), bearer(admin));
    KeyWatch watch = server.get(KeyWatch.class);
    await().until(() -> watch.size() == 0);
    for (InputStream download : downloads) {
      assertTimeoutPreemptively(LONGEST_AFTER, () -> assertBreaksOff(download));
      download.close();
    }
    try (InputStream whole = download(job, "artifacts/model.safetensors", alice)) {
      assertThat(whole.transferTo(OutputStream.nullOutputStream())).isEqualTo(LONG);
    }
  }

  private static void expire(String key) {
    server
        .get(JdbcClient.class)
        .sql("update api_key set expires_at = now() where id = ?")
        .param(key.substring(3, 11))
        .update();
  }

  private static void assertBreaksOff(InputStream body) {
    CountingOutput read = new CountingOutput();
    assertThatThrownBy(() -> body.transferTo(read)).isInstanceOf(IOException.class);
    // What the system holds for a slow client comes still.
    assertThat(read.bytes).isLessThan(LONG / 2);
  }

  private static final class CountingOutput extends OutputStream {
    private long bytes;

    @Override
    public void write(int value) {
      bytes++;
    }

    @Override
    public void write(byte[] block, int offset, int length) {
      bytes += length;
    }
  }

  /** Sparse files, so that they cost neither disk nor time. */
  private static String finishedWithALongFile() throws IOException {
    String job = post(alice).at("/id");
    new TestWorker(server).succeed(job, Map.of("model.safetensors", "x"));
    Path attempt = server.dataDirectory().resolve("work").resolve(job).resolve("1");
    for (String name : new String[] {"result/model.safetensors", ServerSettings.RUNNER_LOG}) {
      try (RandomAccessFile file = new RandomAccessFile(attempt.resolve(name).toFile(), "rw")) {
        file.setLength(LONG);
      }
    }
    server
        .get(JdbcClient.class)
        .sql(
            "update job set result = jsonb_set(result, '{artifacts,0,bytes}', ?::jsonb) where id = ?")
        .params(Long.toString(LONG), UUID.fromString(job))
        .update();
    return job;
  }

  private static InputStream download(String job, String path, String key) throws Exception {
    HttpResponse<InputStream> answer =
        HttpClient.newHttpClient()
            .send(
                http.request("/v1/jobs/" + job + "/" + path)
                    .header("Authorization", "Bearer " + key)
                    .build(),
                HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void aStreamOfNobodyEndsWhenTheFirstKeyIsMade() {
    try (RunningServer fresh = new RunningServer()) {
      String job = fresh.http().postJson("/v1/jobs", JOB).at("/id");
      try (EventClient anonymous = new EventClient(fresh.http(), job)) {
        anonymous.atLeast(1);
        keyAt(fresh.http(), null, "root", "admin");
        assertTimeoutPreemptively(LONGEST_AFTER, anonymous::untilClosed);
      }
    }
  }

  @Test
  void noSecretIsStoredOrListed() {
    String stored =
        server
            .get(JdbcClient.class)
            .sql("select string_agg(api_key::text, ' ') from api_key")
            .query(String.class)
            .single();
    String listed = get("/v1/keys", admin).text();
    for (String key : new String[] {admin, alice, bob, reader}) {
      assertThat(stored).contains(key.substring(3, 11)).doesNotContain(key.substring(12));
      assertThat(listed).doesNotContain(key.substring(12));
    }
  }

  @Test
  void aKeyWithFaultsIsRefusedByField() {
    Answer answer =
        problem(
            http.postJson("/v1/keys", "{\"owner\": \"x\", \"scopes\": [\"root\"]}", bearer(admin)),
            422,
            "invalid-body");
    assertThat(answer.at("/errors/0/pointer")).isEqualTo("/scopes/0");
    problem(http.postJson("/v1/keys", "{\"owner\": \"x\"}", bearer(admin)), 422, "invalid-body");
    // A number is no time, though Jackson takes it for seconds.
    String number = "{\"owner\": \"x\", \"scopes\": [\"read\"], \"expires_at\": 4102444800}";
    Answer untimely =
        problem(http.postJson("/v1/keys", number, bearer(admin)), 422, "invalid-body");
    assertThat(untimely.at("/errors/0/detail")).contains("a time (RFC 3339)");
  }

  @Test
  void answersCarrySecurityHeaders() {
    Answer answer = get("/v1/jobs", alice);
    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
    assertThat(answer.header("Content-Security-Policy")).contains("default-src 'self'");
    assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(answer.header("Set-Cookie")).isNull();
  }

  @Test
  void aKeyThatSendsTooMuchIsHeldBack() {
    try (RunningServer slow =
        new RunningServer(
            Map.of("alphaquant.security.requests-per-second", 1, "alphaquant.security.burst", 3))) {
      Http http = slow.http();
      String key = keyAt(http, null, "a", "read", "admin");
      String[] bearer = bearer(key);
      for (int left = 2; left >= 0; left--) {
        assertThat(http.get("/v1/jobs", bearer).header("RateLimit")).isEqualTo("\"key\";r=" + left);
      }
      Answer held = problem(http.get("/v1/jobs", bearer), 429, "rate-limited");
      assertThat(held.header("Retry-After")).isEqualTo("1");
    }
  }

  @Test
  void withoutAnyKeyTheServiceDoesNotStartWhereOthersReachIt() throws IOException {
    JdbcConnectionDetails database = TestDatabases.create();
    Map<String, Object> everywhere = Map.of("server.address", "0.0.0.0");
    assertThatThrownBy(() -> new RunningServer(database, everywhere, it -> {}))
        .hasStackTraceContaining("although no API key exists");
    Map<String, Object> allowed =
        Map.of("server.address", "0.0.0.0", "alphaquant.security.allow-anonymous", true);
    try (RunningServer open = new RunningServer(database, allowed, it -> {})) {
      // A page of any name could reach it otherwise, through a browser on its network.
      assertThat(DoorsTest.status(open.http(), "GET", "/v1/jobs", "Host: evil.example"))
          .isEqualTo(421);
      assertThat(DoorsTest.status(open.http(), "GET", "/v1/jobs", "Host: 127.0.0.1"))
          .isEqualTo(200);
      keyAt(open.http(), null, "root", "admin");
    }
    try (RunningServer guarded = new RunningServer(database, everywhere, it -> {})) {
      problem(guarded.http().get("/v1/jobs"), 401, "unauthorized");
    }
  }

  private static String key(String by, String owner, String... scopes) {
    return keyAt(http, by, owner, scopes);
  }

  private static String keyAt(Http http, String by, String owner, String... scopes) {
    String body =
        "{\"owner\": \"%s\", \"scopes\": [\"%s\"]}".formatted(owner, String.join("\",\"", scopes));
    Answer made =
        by == null
            ? http.postJson("/v1/keys", body, SetupToken.HEADER, RunningServer.SETUP_TOKEN)
            : http.postJson("/v1/keys", body, bearer(by));
    assertThat(made.status()).as(made.text()).isEqualTo(201);
    return made.at("/key");
  }

  private static String[] bearer(String key) {
    return new String[] {"Authorization", "Bearer " + key};
  }

  private static Answer get(String path, String key) {
    return http.get(path, bearer(key));
  }

  private static Answer post(String key) {
    Answer posted = http.postJson("/v1/jobs", JOB, bearer(key));
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    return posted;
  }
}
