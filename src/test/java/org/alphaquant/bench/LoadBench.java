package org.alphaquant.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Load on the whole service, with its own durable database and a runner that does nothing: reads
 * and creates at a fixed rate beside 100,000 finished jobs, jobs per second through the queue, and
 * the time from create to claim.
 *
 * <p>Arguments: finished jobs (100000), requests per second (200), seconds per measurement (15),
 * microseconds that every flush to the disk takes longer, as on a slower one (0).
 */
final class LoadBench {
  private static final int WARM_UP_SECONDS = 10;
  private static final String JOB = "{\"model\": \"m\"}";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final InstantServer server;
  private final JdbcClient sql;
  private final int rate;
  private final int seconds;

  private LoadBench(InstantServer server, int rate, int seconds) {
    this.server = server;
    this.sql = server.sql();
    this.rate = rate;
    this.seconds = seconds;
  }

  public static void main(String[] arguments) throws Exception {
    int finished = argument(arguments, 0, 100_000);
    int rate = argument(arguments, 1, 200);
    int seconds = argument(arguments, 2, 15);
    Path data = Files.createTempDirectory("alphaquant-load");
    try (InstantServer server = new InstantServer(data)) {
      LoadBench bench = new LoadBench(server, rate, seconds);
      bench.fill(finished);
      bench.slowFlushes(argument(arguments, 3, 0));
      bench.requests();
      bench.behindALongQueue(10_000);
      bench.throughput(5000);
      bench.createToClaim(200);
    }
  }

  static int argument(String[] arguments, int index, int usual) {
    return arguments.length > index ? Integer.parseInt(arguments[index]) : usual;
  }

  private void fill(int count) {
    long from = System.nanoTime();
    sql.sql(
            """
            insert into job (id, owner, state, spec, request_sha256, created_at, started_at,
                             finished_at, lease_epoch, artifact_directory, result, labels)
            select gen_random_uuid(), 'owner-' || i % 50, 'SUCCEEDED',
                   '{"version": 1, "spec": {"model": "m"}}', '',
                   now() - i * interval '10 s', now() - i * interval '10 s',
                   now() - i * interval '10 s', 1, 'work/none', '{"artifacts": []}',
                   jsonb_build_object('team', 't' || i % 20)
            from generate_series(1, ?) i
            """)
        .param(count)
        .update();
    sql.sql("vacuum analyze").update();
    say("%,d finished jobs stored in %.1f s", count, seconds(from));
  }

  private void slowFlushes(int micros) {
    if (micros > 0) {
      sql.sql("alter system set commit_delay = " + micros).update();
      sql.sql("alter system set commit_siblings = 0").update();
      sql.sql("select cast(pg_reload_conf() as text)").query(String.class).single();
      say("every flush takes %,d us longer", micros);
    }
  }

  private void requests() throws Exception {
    List<String> ids =
        sql.sql("select cast(id as text) from job order by random() limit 2000")
            .query(String.class)
            .list();
    warmUp(ids);
    measure("get one job", () -> get("/v1/jobs/" + any(ids)));
    measure("list the newest 20", () -> get("/v1/jobs"));
    measure("list by label", () -> get("/v1/jobs?label.team=t" + random(20)));
    measure("list from within", () -> get("/v1/jobs?limit=20&after=" + any(ids)));
    measure("create", this::post);
  }

  /** The service is to be measured as it is after its first minute, not while it is compiled. */
  private void warmUp(List<String> ids) throws Exception {
    FixedRate.run(rate, WARM_UP_SECONDS, () -> send(get("/v1/jobs/" + any(ids))));
    FixedRate.run(rate, WARM_UP_SECONDS, () -> send(get("/v1/jobs?label.team=t" + random(20))));
    FixedRate.run(rate, WARM_UP_SECONDS, () -> send(post()));
    awaitEmptyQueue();
  }

  private void measure(String name, Supplier<HttpRequest> request) throws Exception {
    Latencies all = FixedRate.run(rate, seconds, () -> send(request.get()));
    say("%-20s %d/s: %s", name, rate, all);
  }

  /** Jobs that ask for more devices than there are wait, and everything else goes past them. */
  private void behindALongQueue(int count) throws Exception {
    awaitEmptyQueue();
    sql.sql(
            """
            insert into job (id, owner, devices, spec, request_sha256)
            select gen_random_uuid(), 'owner-' || i % 50, 99,
                   '{"version": 1, "spec": {"model": "m"}}', ''
            from generate_series(1, ?) i
            """)
        .param(count)
        .update();
    sql.sql("analyze job").update();
    String last =
        sql.sql("select cast(id as text) from job where devices = 99 order by id desc limit 1")
            .query(String.class)
            .single();
    say("%,d jobs wait for devices that nobody has", count);
    measure("get one of them", () -> get("/v1/jobs/" + last));
    measure("create", this::post);
    sql.sql("delete from job where devices = 99").update();
  }

  private void throughput(int count) throws InterruptedException {
    awaitEmptyQueue();
    long from = System.nanoTime();
    sql.sql(
            """
            insert into job (id, owner, spec, request_sha256)
            select gen_random_uuid(), 'owner-' || i % 50, '{"version": 1, "spec": {"model": "m"}}', ''
            from generate_series(1, ?) i
            """)
        .param(count)
        .update();
    awaitEmptyQueue();
    say(
        "queue: %,d jobs on %d slots, %.0f jobs/s",
        count, InstantServer.SLOTS, count / seconds(from));
  }

  private void createToClaim(int count) throws InterruptedException {
    awaitEmptyQueue();
    sql.sql("delete from job where owner = 'local'").update();
    for (int i = 0; i < count; i++) {
      send(post());
    }
    awaitEmptyQueue();
    List<Long> micros =
        sql.sql(
                """
                select cast(extract(epoch from started_at - created_at) * 1e6 as bigint)
                from job where owner = 'local'
                """)
            .query(Long.class)
            .list();
    Latencies latencies = new Latencies();
    micros.forEach(it -> latencies.add(it * 1000));
    say("create to claim, one after another: %s", latencies);
  }

  private void awaitEmptyQueue() throws InterruptedException {
    while (sql.sql("select count(*) from job where state in ('QUEUED', 'RUNNING')")
            .query(Long.class)
            .single()
        > 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private HttpRequest get(String path) {
    return HttpRequest.newBuilder(URI.create(server.address() + path)).build();
  }

  private HttpRequest post() {
    return HttpRequest.newBuilder(URI.create(server.address() + "/v1/jobs"))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(JOB))
        .build();
  }

  private void send(HttpRequest request) {
    try {
      var answer = client.send(request, BodyHandlers.ofString());
      if (answer.statusCode() >= 400) {
        throw new IllegalStateException(request + ": " + answer.statusCode() + answer.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> T any(List<T> values) {
    return values.get(random(values.size()));
  }

  private static int random(int bound) {
    return ThreadLocalRandom.current().nextInt(bound);
  }

  static double seconds(long from) {
    return (System.nanoTime() - from) / 1e9;
  }

  static void say(String sentence, Object... values) {
    System.out.println("[load] " + sentence.formatted(values));
  }
}
