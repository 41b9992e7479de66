package org.alphaquant.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;

/**
 * Many clients that follow running jobs: how long from the moment at which an event is written to
 * the moment at which a client has it, whether each has all of them in order, and what that costs.
 * The clients are in this process too, so their work is in the figures.
 *
 * <p>Arguments: streams (1000), jobs (50), events per second of all jobs (50), seconds (20).
 */
final class StreamBench {
  private static final int WAIT_SECONDS = 60;

  private final InstantServer server;
  private final List<UUID> jobs;
  private final List<FollowingClient> clients = new ArrayList<>();
  private final Latencies latencies = new Latencies();

  private StreamBench(InstantServer server, int jobs) {
    this.server = server;
    this.jobs =
        server
            .sql()
            .sql(
                """
                insert into job (id, owner, state, spec, request_sha256, lease_epoch, lease_worker,
                                 lease_expires_at)
                select gen_random_uuid(), 'local', 'RUNNING', '{"version": 1, "spec": {"model": "m"}}',
                       '', 1, gen_random_uuid(), now() + interval '1 day'
                from generate_series(1, ?)
                returning id
                """)
            .param(jobs)
            .query(UUID.class)
            .list();
  }

  public static void main(String[] arguments) throws Exception {
    int streams = LoadBench.argument(arguments, 0, 1000);
    int jobs = LoadBench.argument(arguments, 1, 50);
    int rate = LoadBench.argument(arguments, 2, 50);
    int seconds = LoadBench.argument(arguments, 3, 20);
    Path data = Files.createTempDirectory("alphaquant-streams");
    try (InstantServer server = new InstantServer(data)) {
      StreamBench bench = new StreamBench(server, jobs);
      bench.open(streams);
      bench.write(rate, Math.max(2, seconds / 5));
      bench.measure(rate, seconds);
      bench.end();
    }
  }

  private void open(int streams) throws InterruptedException {
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    long from = System.nanoTime();
    for (int i = 0; i < streams; i++) {
      URI events =
          URI.create(
              server.address() + "/v1/jobs/" + jobs.get(i % jobs.size()) + "/events?after=0");
      HttpRequest request =
          HttpRequest.newBuilder(events).header("Accept", "text/event-stream").build();
      FollowingClient client = new FollowingClient(latencies);
      clients.add(client);
      client.follow(http, request);
    }
    await("every stream has its first event", () -> all(client -> client.received() > 0));
    LoadBench.say("%,d streams opened in %.1f s", streams, LoadBench.seconds(from));
  }

  private void measure(int rate, int seconds) throws InterruptedException {
    latencies.clear();
    long cpu = cpuNanos();
    long from = System.nanoTime();
    int events = write(rate, seconds);
    double took = LoadBench.seconds(from);
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    LoadBench.say(
        "%,d events in %.1f s to %,d streams: %s", events, took, clients.size(), latencies);
    LoadBench.say(
        "service and clients: %.2f cores, heap %d MB",
        (cpuNanos() - cpu) / 1e9 / took, heap / (1 << 20));
  }

  /** Writes events evenly over the jobs and waits until every client has what is its. */
  private int write(int rate, int seconds) throws InterruptedException {
    JobEvents events = server.bean(JobEvents.class);
    long start = System.nanoTime();
    int count = rate * seconds;
    for (int i = 0; i < count; i++) {
      LockSupport.parkNanos(start + i * 1_000_000_000L / rate - System.nanoTime());
      UUID job = jobs.get(i % jobs.size());
      Object data = Map.of("sent_at", System.nanoTime());
      events.append(job, 1, "log", "info", data, null).orElseThrow();
    }
    Map<UUID, Long> newest = new HashMap<>();
    server.bean(Jobs.class).newestEvents(jobs).forEach(it -> newest.put(it.getId(), it.getSeq()));
    await(
        "every stream has every event",
        () -> {
          for (int i = 0; i < clients.size(); i++) {
            if (clients.get(i).received() < newest.get(jobs.get(i % jobs.size()))) {
              return false;
            }
          }
          return true;
        });
    return count;
  }

  private void end() throws InterruptedException {
    server
        .sql()
        .sql(
            """
            update job set state = 'CANCELLED', finished_at = now(), lease_worker = null,
                           lease_expires_at = null
            where state = 'RUNNING'
            """)
        .update();
    await("every stream has ended", () -> all(FollowingClient::isEnded));
    List<String> broken =
        clients.stream().map(FollowingClient::fault).filter(it -> it != null).toList();
    LoadBench.say(
        "gaps, duplicates, broken streams: %s", broken.isEmpty() ? "none" : broken.toString());
  }

  private boolean all(Predicate<FollowingClient> condition) {
    return clients.stream().allMatch(condition);
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("not within %d s: %s".formatted(WAIT_SECONDS, what));
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
