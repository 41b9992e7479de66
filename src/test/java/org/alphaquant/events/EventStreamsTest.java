package org.alphaquant.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.alphaquant.Waiting;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;

class EventStreamsTest {
  private static JdbcConnectionDetails details;
  private static JobDatabase client;
  private static Jobs jobs;
  private static Leases leases;
  private static JobEvents events;

  private ConfigurableApplicationContext replica;
  private Job job;

  @BeforeAll
  static void start() {
    details = TestDatabases.create();
    client = new JobDatabase(details);
    jobs = client.get(Jobs.class);
    leases = client.get(Leases.class);
    events = client.get(JobEvents.class);
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  @BeforeEach
  void runAJob() {
    replica = replica();
    UUID id = jobs.create(new NewJob("ann", JobSpec.of("m"), null)).job().id();
    leases.claim(UUID.randomUUID(), "1", "1", 60, 60).orElseThrow();
    job = jobs.find(id).orElseThrow();
  }

  @AfterEach
  void endTheJob() {
    leases.cancelled(job.id(), 1);
    replica.close();
  }

  @Test
  void aStreamBeginsWithWhatWasAndGoesOnWithWhatComesAndCompletes() {
    log(3);
    Received client = follow(replica, 0);
    client.awaitSeq(5);
    log(300);
    client.awaitSeq(305);
    leases.cancelled(job.id(), 1);

    client.awaitCompletion();
    assertThat(client.seqs).containsExactlyElementsOf(upTo(306));
    await().until(() -> streams(replica).size() == 0);
  }

  @Test
  void aStreamTakenUpOnAnotherReplicaHasNeitherGapNorDuplicate() throws Exception {
    Thread writer = new Thread(() -> log(500));
    writer.start();
    Received first = follow(replica, 0);
    first.awaitSeq(100);
    replica.close();
    first.awaitCompletion();
    replica = replica();
    Received second = follow(replica, first.last());
    writer.join();
    leases.cancelled(job.id(), 1);
    second.awaitCompletion();

    List<Long> all = new ArrayList<>(first.seqs);
    all.addAll(second.seqs);
    assertThat(all).containsExactlyElementsOf(upTo(503));
  }

  @Test
  void manyClientsOfOneJobAllGetEverything() {
    List<Received> clients = IntStream.range(0, 200).mapToObj(i -> follow(replica, i % 2)).toList();
    log(100);
    leases.cancelled(job.id(), 1);

    clients.forEach(Received::awaitCompletion);
    for (int i = 0; i < clients.size(); i++) {
      assertThat(clients.get(i).seqs).containsExactlyElementsOf(upTo(103).subList(i % 2, 103));
    }
  }

  @Test
  void aBlockedClientHoldsNobodyUpAndMissesNothing() {
    CountDownLatch blocked = new CountDownLatch(1);
    Received slow =
        follow(
            replica,
            new Received() {
              @Override
              public void event(JobEvent event) throws IOException {
                awaitQuietly(blocked);
                super.event(event);
              }
            },
            0);
    Received quick = follow(replica, 0);
    log(400);
    quick.awaitSeq(402);
    assertThat(slow.seqs).isEmpty();

    blocked.countDown();
    slow.awaitSeq(402);
    assertThat(slow.seqs).containsExactlyElementsOf(upTo(402));
  }

  @Test
  void aClientThatIsGoneIsForgotten() {
    Received gone =
        new Received() {
          @Override
          public void event(JobEvent event) throws IOException {
            throw new IOException("broken pipe");
          }
        };
    follow(replica, gone, 0);
    await().until(() -> streams(replica).size() == 0);

    follow(replica, new Received(), 2).subscription.close();
    assertThat(streams(replica).size()).isZero();
  }

  @Test
  void silenceIsFilledWithHeartbeats() {
    Received client = follow(replica, 2);
    await().until(() -> client.heartbeats >= 2);
    assertThat(client.seqs).isEmpty();
  }

  @Test
  void aNumberThatIsNoneOfTheJobsIsAnsweredWithTheJobAsItIs() {
    Received client = follow(replica, 99);
    await().until(() -> client.reset != null);
    assertThat(client.reset.eventSeq()).isEqualTo(2);
    log(1);
    client.awaitSeq(3);
    assertThat(client.seqs).containsExactly(3L);
  }

  @Test
  void aFinishedJobIsReplayedAndCompleted() {
    leases.cancelled(job.id(), 1);
    job = jobs.find(job.id()).orElseThrow();

    Received whole = follow(replica, 0);
    whole.awaitCompletion();
    assertThat(whole.seqs).containsExactly(1L, 2L, 3L);
    Received upToDate = follow(replica, 3);
    upToDate.awaitCompletion();
    assertThat(upToDate.seqs).isEmpty();
  }

  @Test
  void aStreamEndsWhenItsJobIsDeleted() {
    Received client = follow(replica, 2);
    leases.cancelled(job.id(), 1);
    jobs.delete(job.id());
    client.awaitCompletion();
  }

  @Test
  void lostConnectionsLoseNoEvents() {
    Received client = follow(replica, 0);
    client.awaitSeq(2);
    TestDatabases.endSessions(details);
    await().ignoreExceptions().until(() -> jobs.find(job.id()).isPresent());
    log(20);
    client.awaitSeq(22);
    assertThat(client.seqs).containsExactlyElementsOf(upTo(22));
  }

  @Test
  void withoutNotificationsEventsAreFoundByLooking() {
    replica.close();
    replica = replica("alphaquant.listen=false");
    Received client = follow(replica, 0);
    log(5);
    client.awaitSeq(7);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void log(int count) {
    for (int i = 0; i < count; i++) {
      events.append(job.id(), 1, "log", "info", Map.of("i", i), null).orElseThrow();
    }
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private Received follow(ConfigurableApplicationContext on, long after) {
    return follow(on, new Received(), after);
  }

  private Received follow(ConfigurableApplicationContext on, Received client, long after) {
    client.subscription = streams(on).subscribe(jobs.find(job.id()).orElseThrow(), after, client);
    return client;
  }

  private static EventStreams streams(ConfigurableApplicationContext replica) {
    return replica.getBean(EventStreams.class);
  }

  private static ConfigurableApplicationContext replica(String... properties) {
    return new SpringApplicationBuilder(Application.class)
        .web(WebApplicationType.NONE)
        .bannerMode(Banner.Mode.OFF)
        .initializers(
            (GenericApplicationContext it) ->
                it.registerBean(JdbcConnectionDetails.class, () -> details))
        .properties("alphaquant.events.poll-every=1s", "alphaquant.events.heartbeat=300ms")
        .properties(properties)
        .run();
  }

  @Import({JobDatabase.Application.class, EventConfiguration.class})
  static class Application {}

  /** What a client got. */
  private static class Received implements EventSink {
    final List<Long> seqs = new CopyOnWriteArrayList<>();
    volatile int heartbeats;
    volatile Job reset;
    volatile EventStreams.Subscription subscription;
    private final CountDownLatch completed = new CountDownLatch(1);

    @Override
    public void event(JobEvent event) throws IOException {
      seqs.add(event.seq());
    }

    @Override
    public void reset(Job now) {
      reset = now;
    }

    @Override
    public void heartbeat() {
      heartbeats++;
    }

    @Override
    public void complete() {
      completed.countDown();
    }

    long last() {
      return seqs.get(seqs.size() - 1);
    }

    void awaitSeq(long seq) {
      await().until(() -> !seqs.isEmpty() && last() >= seq);
    }

    void awaitCompletion() {
      try {
        assertThat(completed.await(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
