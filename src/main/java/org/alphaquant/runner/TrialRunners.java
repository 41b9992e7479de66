package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.request.ClientPresence;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runners that try tokenizers: those of a separate pool, and until that is ready the one that waits
 * for the first job.
 */
final class TrialRunners {
  static final List<String> DEVICES = List.of("tokenizer");

  private static final Logger log = LoggerFactory.getLogger(TrialRunners.class);
  private static final Duration LOOK_EVERY = Duration.ofMillis(250);
  private static final Duration REST = Duration.ofSeconds(3);
  // Late enough not to slow down the first job after a start.
  private static final Duration OWN_AFTER = Duration.ofMinutes(1);

  private final RunnerPool own;
  private final Optional<RunnerPool> lender;
  private final Duration startTimeout;

  /**
   * @param lender pool whose idle runner may be borrowed until a job needs it
   */
  TrialRunners(RunnerPool own, Optional<RunnerPool> lender, Duration startTimeout) {
    this.own = own;
    this.lender = lender;
    this.startTimeout = startTimeout;
  }

  /** The time to wait before checking again whether the client is still connected. */
  static Duration shortest(Duration left) {
    return left.compareTo(LOOK_EVERY) < 0 ? left : LOOK_EVERY;
  }

  /** Absolute names, because a runner has its own working directory. */
  static List<String> names(List<Path> folders) {
    return folders.stream().map(folder -> folder.toAbsolutePath().normalize().toString()).toList();
  }

  /** A runner for one trial and the pool that it belongs to. */
  record Loan(RunnerProcess runner, RunnerPool from, boolean borrowed) {

    /** Returns the runner after a trial that ended normally. */
    void giveBack() {
      if (borrowed) {
        from.putBack(runner, TorchStart.CPU);
      } else {
        from.giveBack(runner, DEVICES);
      }
    }

    void discard() {
      from.discard(runner);
    }
  }

  /** Starts a runner before it is needed; later if one can be borrowed until then. */
  void warmUp() {
    if (lender.isEmpty()) {
      own.warmUp(DEVICES, null);
    } else {
      CompletableFuture.delayedExecutor(OWN_AFTER.toSeconds(), TimeUnit.SECONDS)
          .execute(this::warmUpUnlessUsed);
    }
  }

  private void warmUpUnlessUsed() {
    if (own.alive() == 0) {
      own.warmUp(DEVICES, null);
    }
  }

  /**
   * Returns a runner that is ready.
   *
   * @throws IOException if none can be started
   * @throws ClientGoneException if the client left meanwhile; the runner is kept
   */
  Loan take() throws IOException {
    Optional<Loan> loan = own.idle() > 0 ? Optional.empty() : lender.flatMap(this::borrowed);
    Loan taken = loan.isPresent() ? loan.get() : new Loan(started(), own, false);
    requireClient(taken);
    return taken;
  }

  // A runner whose start took longer than its client waited serves the next client. Otherwise no
  // client of a slow machine would ever get one.
  private static void requireClient(Loan loan) {
    try {
      ClientPresence.require();
    } catch (ClientGoneException gone) {
      loan.giveBack();
      throw gone;
    }
  }

  private Optional<Loan> borrowed(RunnerPool pool) {
    Optional<Loan> loan = pool.borrow(TorchStart.CPU).map(runner -> new Loan(runner, pool, true));
    if (loan.isPresent() && !isReady(loan.get())) {
      return Optional.empty();
    }
    return loan;
  }

  private boolean isReady(Loan loan) {
    if (!loan.runner().isAtRest(REST)) {
      loan.giveBack();
      return false;
    }
    try {
      loan.runner().awaitReady(startTimeout);
      return true;
    } catch (IOException e) {
      log.debug("A runner that waited for a job cannot be used: {}", e.getMessage());
      loan.discard();
      return false;
    }
  }

  private RunnerProcess started() throws IOException {
    while (true) {
      RunnerProcess runner = own.take(DEVICES);
      boolean fresh = !runner.isReady();
      try {
        runner.awaitReady(startTimeout);
        if (fresh || runner.isAlive()) {
          return runner;
        }
        own.discard(runner);
      } catch (IOException e) {
        own.discard(runner);
        throw e;
      }
    }
  }
}
