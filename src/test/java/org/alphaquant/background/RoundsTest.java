package org.alphaquant.background;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.CannotCreateTransactionException;

@ExtendWith(OutputCaptureExtension.class)
class RoundsTest {
  private static final Duration LONG = Duration.ofHours(1);

  private final AtomicInteger begun = new AtomicInteger();
  private final BlockingQueue<Integer> told = new LinkedBlockingQueue<>();
  private Rounds rounds;

  @AfterEach
  void stop() {
    rounds.stop();
  }

  @Test
  void oneRoundBeginsAtOnceAndTheNextWhenItIsWokenOrItsTimeHasCome() throws Exception {
    start(LONG, round -> round == 2 ? Duration.ofMillis(1) : LONG);
    assertThat(next()).isEqualTo(1);
    rounds.wake();
    assertThat(next()).isEqualTo(2);
    assertThat(next()).isEqualTo(3);
  }

  @Test
  void manyWakesDuringARoundBeginOneMore() throws Exception {
    start(
        LONG,
        round -> {
          if (round == 1) {
            for (int i = 0; i < 100; i++) {
              rounds.wake();
            }
          }
          return LONG;
        });
    assertThat(List.of(next(), next())).containsExactly(1, 2);
    rounds.stop();
    rounds.join(Waiting.LONGEST);
    assertThat(told).isEmpty();
  }

  @Test
  void nothingThatGoesWrongEndsThem(CapturedOutput output) throws Exception {
    List<Throwable> failures =
        List.of(
            new DataAccessResourceFailureException("the line is cut"),
            new CannotCreateTransactionException(
                "no connection", new SQLTransientConnectionException("none is free")),
            new DataIntegrityViolationException("a statement is wrong"),
            new IllegalStateException("a mistake"),
            new IOException("a file is gone"),
            new OutOfMemoryError("a list was too long"),
            new DataAccessResourceFailureException("the line is cut again"));
    start(
        Duration.ofMillis(1),
        round -> {
          if (round <= failures.size()) {
            if (failures.get(round - 1) instanceof Error error) {
              throw error;
            }
            throw (Exception) failures.get(round - 1);
          }
          return LONG;
        });
    for (int round = 1; round <= failures.size() + 1; round++) {
      assertThat(next()).isEqualTo(round);
    }
    rounds.stop();
    rounds.join(Waiting.LONGEST);
    assertThat(output)
        .containsOnlyOnce("looks waits for the database: the line is cut")
        .doesNotContain("none is free")
        .contains("looks failed and will be repeated")
        .contains("a statement is wrong", "a mistake", "a file is gone", "too long")
        .doesNotContain("the line is cut again");
  }

  @Test
  void everyLossOfTheDatabaseIsSaidOnce(CapturedOutput output) throws Exception {
    start(
        Duration.ofMillis(1),
        round -> {
          if (round % 3 != 0) {
            throw new DataAccessResourceFailureException("loss " + round);
          }
          return round < 6 ? Duration.ofMillis(1) : LONG;
        });
    for (int round = 1; round <= 6; round++) {
      assertThat(next()).isEqualTo(round);
    }
    assertThat(output).contains("loss 1", "loss 4").doesNotContain("loss 2", "loss 5");
  }

  @Test
  void whatIsStartedAgainRunsOnce() throws Exception {
    start(LONG, round -> LONG);
    next();
    for (int i = 0; i < 50; i++) {
      rounds.stop();
      rounds.start();
    }
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream().filter(RoundsTest::isOurs).count()
                    == 1);
  }

  private static boolean isOurs(Thread thread) {
    return thread.getName().equals("looks");
  }

  @Test
  void theRoundUnderWayIsTheLastOneAfterAStop() throws Exception {
    start(Duration.ZERO, round -> Duration.ZERO);
    next();
    rounds.stop();
    rounds.join(Waiting.LONGEST);
    int last = begun.get();
    rounds.wake();
    assertThat(begun).hasValue(last);
    assertThat(rounds.isRunning()).isFalse();
  }

  private interface Script {
    Duration go(int round) throws Exception;
  }

  private void start(Duration afterFailure, Script script) {
    rounds =
        new Rounds(
            "looks",
            afterFailure,
            () -> {
              int round = begun.incrementAndGet();
              told.add(round);
              return script.go(round);
            });
    rounds.start();
  }

  private int next() throws InterruptedException {
    Integer round = told.poll(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
    assertThat(round).as("a round").isNotNull();
    return round;
  }
}
