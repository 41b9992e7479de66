package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.TextTrial;
import org.alphaquant.prepare.TokenCount;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.request.ClientPresence;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Counts the tokens of texts in runners with small limits, and caches the counts. */
final class PreflightTexts implements TextTrial {
  private static final Logger log = LoggerFactory.getLogger(PreflightTexts.class);
  private static final int REMEMBERED = 1000;

  private final TrialRunners runners;
  private final PreflightSettings settings;
  private final List<String> modelRoots;
  private final List<String> fileRoots;
  private final TokenizerFiles files = new TokenizerFiles();
  private final Map<String, TokenCount> counts = Recent.map(REMEMBERED);
  private final Semaphore free;

  PreflightTexts(
      TrialRunners runners,
      PreflightSettings settings,
      List<Path> modelRoots,
      List<Path> fileRoots) {
    this.runners = runners;
    this.settings = settings;
    this.modelRoots = TrialRunners.names(modelRoots);
    this.fileRoots = TrialRunners.names(fileRoots);
    this.free = new Semaphore(settings.runners(), true);
  }

  @Override
  public Optional<TokenCount> of(Path folder, JobSpec spec, List<Path> texts) {
    ObjectNode asked = MessageChannel.JSON.createObjectNode().put("model", spec.model());
    asked.set("calibration", MessageChannel.JSON.valueToTree(spec.calibration().sequential(true)));
    asked.set("evaluation", MessageChannel.JSON.valueToTree(spec.evaluation()));
    try {
      String key = key(folder, asked, texts);
      TokenCount known = counts.get(key);
      Optional<TokenCount> count = known != null ? Optional.of(known) : counted(folder, asked);
      count.ifPresent(it -> counts.put(key, it));
      return count;
    } catch (IOException e) {
      log.debug("Texts were not counted: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private String key(Path folder, ObjectNode asked, List<Path> texts) throws IOException {
    String states =
        texts.stream()
            .map(Path::toFile)
            .map(file -> file.length() + " " + file.lastModified())
            .collect(Collectors.joining(" "));
    return files.hash(folder) + TokenizerFiles.sha256(asked + states);
  }

  // Counts are optional, so a request never queues for one.
  private Optional<TokenCount> counted(Path folder, ObjectNode asked) throws IOException {
    if (!free.tryAcquire()) {
      return Optional.empty();
    }
    try {
      return counted(runners.take(), folder, asked);
    } finally {
      free.release();
    }
  }

  private Optional<TokenCount> counted(TrialRunners.Loan loan, Path folder, ObjectNode asked) {
    try {
      loan.runner().limitMemory(settings.maxMemory().toBytes());
      Optional<TokenCount> count = answer(loan.runner(), folder, asked);
      if (count.isPresent()) {
        loan.giveBack();
      } else {
        loan.discard();
      }
      return count;
    } catch (ClientGoneException gone) {
      loan.discard();
      throw gone;
    } catch (IOException ended) {
      // The run will fail in the same way and report it.
      log.info("A runner ended while it counted tokens: {}", ended.getMessage());
      loan.discard();
      return Optional.empty();
    }
  }

  private Optional<TokenCount> answer(RunnerProcess runner, Path folder, ObjectNode asked)
      throws IOException {
    runner.send(
        new Message.CountTokens(folder.toAbsolutePath().toString(), asked, modelRoots, fileRoots));
    long until = System.nanoTime() + settings.timeout().toNanos();
    while (System.nanoTime() < until) {
      ClientPresence.require();
      Duration left = Duration.ofNanos(Math.max(1_000_000, until - System.nanoTime()));
      if (runner.receive(TrialRunners.shortest(left)) instanceof Message.Counted counted) {
        return Optional.of(MessageChannel.JSON.treeToValue(counted.count(), TokenCount.class));
      }
    }
    return Optional.empty();
  }
}
