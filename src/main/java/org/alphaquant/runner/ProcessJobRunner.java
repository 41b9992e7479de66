package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.RunFailure;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.worker.AttemptEndedException;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;
import tools.jackson.databind.node.ObjectNode;

/** Runs each attempt in a runner of the pool. */
final class ProcessJobRunner implements JobRunner {

  private final RunnerPool pool;
  private final RunnerSettings settings;
  private final MemoryLimit memoryLimit;
  private final List<String> modelRoots;
  private final List<String> fileRoots;
  private final Duration cancelDeadline;
  private final int mostKills;
  private final RunnerMeters meters;

  /**
   * @param cancelDeadline how long work may continue after a cancel before its runner is killed
   * @param mostKills how often a runner may be killed from outside in the same unit of work
   */
  ProcessJobRunner(
      RunnerPool pool,
      RunnerSettings settings,
      MemoryLimit memoryLimit,
      List<Path> modelRoots,
      List<Path> fileRoots,
      Duration cancelDeadline,
      int mostKills,
      RunnerMeters meters) {
    this.pool = pool;
    this.settings = settings;
    this.memoryLimit = memoryLimit;
    this.modelRoots = modelRoots.stream().map(ProcessJobRunner::absolute).toList();
    this.fileRoots = fileRoots.stream().map(ProcessJobRunner::absolute).toList();
    this.cancelDeadline = cancelDeadline;
    this.mostKills = mostKills;
    this.meters = meters;
  }

  // A runner has its own working directory.
  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  @Override
  public boolean canBeStopped() {
    return true;
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    RunnerProcess runner = ready(context);
    RemoteAttempt attempt = new RemoteAttempt(runner, context, settings, cancelDeadline);
    boolean atRest = false;
    try {
      runner.output().writeTo(context.attemptDirectory().resolve(ServerSettings.RUNNER_LOG));
      runner.send(request(context));
      // The runner reads the job in the meantime.
      runner.limitMemory(memoryLimit.of(context));
      JobResult result = attempt.await();
      atRest = true;
      return result;
    } catch (RunFailure failure) {
      atRest = failure.error().kind() == JobError.Kind.USER;
      throw failure;
    } catch (AttemptEndedException stopped) {
      atRest = attempt.isAtRest();
      throw stopped;
    } catch (IOException lost) {
      throw new LostRunner(runner, attempt.unit(), meters).failure(lost, context, mostKills);
    } finally {
      if (atRest) {
        pool.giveBack(runner, context.devices());
      } else {
        pool.discard(runner);
      }
    }
  }

  /** A runner that is ready; an idle one that has died is replaced. */
  private RunnerProcess ready(JobContext context) throws IOException {
    while (true) {
      RunnerProcess runner = pool.take(context.devices());
      boolean fresh = !runner.isReady();
      try {
        runner.awaitReady(settings.startTimeout());
        if (fresh || runner.isAlive()) {
          return runner;
        }
        pool.discard(runner);
      } catch (IOException notStarted) {
        try {
          throw new LostRunner(runner, "starting", meters).failure(notStarted, context, mostKills);
        } finally {
          pool.discard(runner);
        }
      }
    }
  }

  private Message.Run request(JobContext context) {
    ObjectNode spec = MessageChannel.JSON.valueToTree(context.spec());
    // A runner sends no webhooks, and their address may contain a secret.
    spec.remove("webhook");
    return new Message.Run(
        context.jobId(),
        context.leaseEpoch(),
        spec,
        context.devices(),
        context.earlierResourceFailures(),
        absolute(context.attemptDirectory()),
        absolute(context.artifactDirectory()),
        context.sources(),
        context.earlierAttempts().stream().map(ProcessJobRunner::absolute).toList(),
        modelRoots,
        fileRoots);
  }
}
