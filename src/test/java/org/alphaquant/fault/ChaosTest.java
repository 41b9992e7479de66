package org.alphaquant.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * Real quantizations by several processes that are killed, frozen, ended and cut off at random
 * while clients post, cancel, follow and download: every job ends once, every file is whole, every
 * stream is without a gap.
 */
class ChaosTest {
  private static final int CUSTOMERS = 4;
  private static final List<String> SPECS = List.of(spec("int4"), spec("int3"));

  // What the processes said is needed when one of them misbehaves.
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  private static String spec(String format) {
    return """
        {"model": "olmoe-demo",
         "config": {"default": {"wq": "%s", "group_size": 32}},
         "calibration": {"path": "text/calibration.jsonl", "samples": 8, "sequence_length": 128}}
        """
        .formatted(format);
  }

  @Test
  void nothingIsLostWhateverBreaks() throws Exception {
    survive(2, Duration.ofSeconds(15));
  }

  @Tag("faults")
  @Test
  void nothingIsLostHoweverLongThingsBreak() throws Exception {
    survive(3, Duration.ofSeconds(Long.getLong("alphaquant.faults.seconds", 600)));
  }

  private void survive(int replicas, Duration longest) throws Exception {
    long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());
    try (Fleet fleet = new Fleet(replicas, folder)) {
      Client client = new Client(fleet.addresses());
      Map<String, String> unbroken = unbroken(client);
      Chaos chaos = new Chaos(fleet, new Random(seed));
      List<Customer.Outcome> outcomes = serve(client, seed, () -> chaos.run(longest));
      fleet.repair();
      assertThat(outcomes).isNotEmpty();
      for (Customer.Outcome outcome : outcomes) {
        assertEndedOnce(fleet, outcome);
        assertWhole(outcome, unbroken);
      }
      assertNothingElse(fleet, outcomes.size() + unbroken.size());
      say(chaos, outcomes, fleet, seed);
    }
  }

  /** SHA-256 of the weights of each job's result when nothing breaks. */
  private static Map<String, String> unbroken(Client client) throws Exception {
    Customer customer = new Customer(client, SPECS, 0, () -> false);
    Map<String, String> weights = new java.util.HashMap<>();
    for (String spec : SPECS) {
      Customer.Outcome outcome = customer.job(spec, false);
      assertThat(outcome.state()).isEqualTo("SUCCEEDED");
      weights.put(spec, outcome.weights());
    }
    return weights;
  }

  private interface Breaking {
    void run() throws InterruptedException;
  }

  private static List<Customer.Outcome> serve(Client client, long seed, Breaking breaking)
      throws Exception {
    AtomicBoolean open = new AtomicBoolean(true);
    ExecutorService threads = Executors.newFixedThreadPool(CUSTOMERS);
    try {
      List<Future<List<Customer.Outcome>>> customers = new ArrayList<>();
      for (int i = 0; i < CUSTOMERS; i++) {
        customers.add(threads.submit(new Customer(client, SPECS, seed + i, open::get)));
      }
      breaking.run();
      open.set(false);
      List<Customer.Outcome> outcomes = new ArrayList<>();
      for (Future<List<Customer.Outcome>> customer : customers) {
        outcomes.addAll(customer.get(5, TimeUnit.MINUTES));
      }
      return outcomes;
    } finally {
      open.set(false);
      threads.shutdownNow();
    }
  }

  private static void assertEndedOnce(Fleet fleet, Customer.Outcome outcome) {
    JdbcClient sql = sql(fleet);
    List<Long> stored =
        sql.sql("select seq from job_event where job_id = cast(? as uuid) order by seq")
            .param(outcome.id())
            .query(Long.class)
            .list();
    assertThat(stored)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, stored.size()).boxed().toList());
    assertThat(outcome.numbers()).as("stream of %s", outcome.id()).isEqualTo(stored);
    List<Long> ends =
        sql.sql(
                """
                select seq from job_event
                where job_id = cast(? as uuid) and type = 'state'
                  and data ->> 'state' in ('SUCCEEDED', 'FAILED', 'CANCELLED')
                """)
            .param(outcome.id())
            .query(Long.class)
            .list();
    assertThat(ends).as("ends of %s", outcome.id()).containsExactly((long) stored.size());
    List<Long> attempts =
        sql.sql("select attempt from job_event where job_id = cast(? as uuid) order by seq")
            .param(outcome.id())
            .query(Long.class)
            .list();
    assertThat(attempts).isSorted();
  }

  private static void assertWhole(Customer.Outcome outcome, Map<String, String> unbroken) {
    if (outcome.cancelAsked()) {
      assertThat(outcome.state()).isIn("CANCELLED", "SUCCEEDED");
    } else {
      assertThat(outcome.state()).as("job %s", outcome.id()).isEqualTo("SUCCEEDED");
    }
    if (outcome.state().equals("SUCCEEDED")) {
      assertThat(outcome.weights()).isEqualTo(unbroken.get(outcome.spec()));
    }
  }

  /** No job that nobody has posted, and no folder but that of the attempt that counts. */
  private void assertNothingElse(Fleet fleet, int jobs) {
    JdbcClient sql = sql(fleet);
    assertThat(sql.sql("select count(*) from job").query(Integer.class).single()).isEqualTo(jobs);
    assertThat(
            sql.sql("select count(*) from job where state in ('QUEUED', 'RUNNING')")
                .query(Integer.class)
                .single())
        .isZero();
    List<String> results =
        sql.sql("select artifact_directory from job where state = 'SUCCEEDED'")
            .query(String.class)
            .list();
    await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(() -> assertThat(attemptsWithFiles()).isSubsetOf(results));
  }

  private List<String> attemptsWithFiles() throws java.io.IOException {
    Path data = folder.resolve("data");
    try (Stream<Path> files = Files.walk(data.resolve("work"))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> data.relativize(file).subpath(0, 4).toString())
          .distinct()
          .toList();
    }
  }

  private static JdbcClient sql(Fleet fleet) {
    return JdbcClient.create(
        new DriverManagerDataSource(
            fleet.database().getJdbcUrl(),
            fleet.database().getUsername(),
            fleet.database().getPassword()));
  }

  private static void say(Chaos chaos, List<Customer.Outcome> outcomes, Fleet fleet, long seed) {
    Map<String, Object> budgets =
        sql(fleet)
            .sql(
                """
                select sum(lost_leases) as lost, sum(give_backs) as given, sum(lease_epoch) as claims
                from job
                """)
            .query()
            .singleRow();
    System.out.printf(
        "[chaos] seed %d, faults %s: %d jobs ended once each, %d of them cancelled, after %s claims,"
            + " %s lost leases and %s give-backs; %d streams without a gap; %d pieces of whole"
            + " files%n",
        seed,
        chaos,
        outcomes.size(),
        outcomes.stream().filter(it -> it.state().equals("CANCELLED")).count(),
        budgets.get("claims"),
        budgets.get("lost"),
        budgets.get("given"),
        outcomes.stream().mapToInt(Customer.Outcome::streams).sum(),
        outcomes.stream().mapToInt(Customer.Outcome::pieces).sum());
  }
}
