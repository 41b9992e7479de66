package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.alphaquant.prepare.TokenizerTrial;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.request.ClientPresence;
import org.alphaquant.runner.wire.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries tokenizers in runners with small limits, and caches the verdicts. */
final class PreflightRunners implements TokenizerTrial {
  private static final Logger log = LoggerFactory.getLogger(PreflightRunners.class);
  private static final int REMEMBERED = 1000;

  private final TrialRunners runners;
  private final PreflightSettings settings;
  private final List<String> modelRoots;
  private final TokenizerFiles files = new TokenizerFiles();
  private final Map<String, Verdict> verdicts = Recent.map(REMEMBERED);
  private final Semaphore free;

  PreflightRunners(TrialRunners runners, PreflightSettings settings, List<Path> modelRoots) {
    this.runners = runners;
    this.settings = settings;
    this.modelRoots = TrialRunners.names(modelRoots);
    this.free = new Semaphore(settings.runners(), true);
  }

  @Override
  public Verdict of(Path folder, long vocabulary) {
    try {
      Optional<String> tooLarge = TokenizerFiles.tooLarge(folder);
      if (tooLarge.isPresent()) {
        return Verdict.refused(tooLarge.get());
      }
      String key = key(folder, vocabulary);
      Verdict known = verdicts.get(key);
      return known != null ? known : queued(folder, vocabulary, key);
    } catch (IOException e) {
      return Verdict.refused("tokenizer.json cannot be read: " + e.getMessage());
    }
  }

  private Verdict queued(Path folder, long vocabulary, String key) {
    if (free.getQueueLength() >= settings.queue()) {
      return Verdict.notTried("too many tokenizers are waiting to be tried");
    }
    try {
      if (!free.tryAcquire(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
        return Verdict.notTried("no runner was free to try it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Verdict.notTried("the service is shutting down");
    }
    try {
      return tried(folder, vocabulary, key);
    } finally {
      free.release();
    }
  }

  private Verdict tried(Path folder, long vocabulary, String key) {
    TrialRunners.Loan loan;
    try {
      loan = runners.take();
    } catch (IOException notStarted) {
      log.warn("No runner could be started to try a tokenizer: {}", notStarted.getMessage());
      return Verdict.notTried("no runner could be started to try it");
    }
    try {
      loan.runner().limitMemory(settings.maxMemory().toBytes());
      String problem = problem(loan.runner(), folder, vocabulary);
      Verdict verdict = problem == null ? Verdict.USABLE : Verdict.refused(problem);
      remember(folder, vocabulary, key, verdict);
      loan.giveBack();
      return verdict;
    } catch (RunnerStoppedException late) {
      // Not cached, because the machine may have been busy.
      loan.discard();
      return Verdict.refused(late.getMessage());
    } catch (ClientGoneException gone) {
      loan.discard();
      throw gone;
    } catch (IOException ended) {
      Verdict verdict = ended(loan);
      remember(folder, vocabulary, key, verdict);
      return verdict;
    }
  }

  /** Caches a verdict, unless the files have changed since they were hashed. */
  private void remember(Path folder, long vocabulary, String key, Verdict verdict) {
    try {
      if (verdict.outcome() != Outcome.NOT_TRIED && key.equals(key(folder, vocabulary))) {
        verdicts.put(key, verdict);
      }
    } catch (IOException gone) {
      log.debug("A tokenizer was deleted while it was tried: {}", gone.getMessage());
    }
  }

  private String key(Path folder, long vocabulary) throws IOException {
    return files.hash(folder) + vocabulary;
  }

  private String problem(RunnerProcess runner, Path folder, long vocabulary) throws IOException {
    runner.send(
        new Message.TryTokenizer(folder.toAbsolutePath().toString(), vocabulary, modelRoots));
    long until = System.nanoTime() + settings.timeout().toNanos();
    while (System.nanoTime() < until) {
      ClientPresence.require();
      Duration left = Duration.ofNanos(Math.max(1_000_000, until - System.nanoTime()));
      if (runner.receive(TrialRunners.shortest(left)) instanceof Message.Tried tried) {
        return tried.problem();
      }
    }
    throw new RunnerStoppedException(
        "tokenizer.json could not be loaded and tried within %d s (alphaquant.preflight.timeout)"
            .formatted(settings.timeout().toSeconds()));
  }

  private Verdict ended(TrialRunners.Loan loan) {
    RunnerMeters meters = loan.from().meters();
    RunnerMeters.End end = new LostRunner(loan.runner(), "trying tokenizer.json", meters).count();
    String lastLines = String.join("; ", loan.runner().output().lastLines());
    loan.discard();
    if (end == RunnerMeters.End.KILLED) {
      return Verdict.notTried("the runner that tried it was killed");
    }
    String detail =
        end == RunnerMeters.End.MEMORY
            ? "tokenizer.json takes more than %,d bytes of memory (alphaquant.preflight.max-memory)"
                .formatted(settings.maxMemory().toBytes())
            : "tokenizer.json ends the process that loads it and encodes a text: " + lastLines;
    return Verdict.refused(detail);
  }
}
