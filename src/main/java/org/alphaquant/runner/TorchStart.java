package org.alphaquant.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import org.alphaquant.runner.wire.Message;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.EventListener;

/** Starts the first runner together with the service, so that the first job finds it warm. */
final class TorchStart {
  private static final List<String> CPU = List.of("cpu");

  private final RunnerPool pool;
  private final boolean onCpu;

  TorchStart(RunnerPool pool, boolean onCpu) {
    this.pool = pool;
    this.onCpu = onCpu;
  }

  // On GPUs it is not known which card the first job gets, and a runner holds memory on its own.
  @EventListener
  void started(ApplicationStartedEvent event) {
    if (onCpu) {
      pool.warmUp(CPU, new Message.LoadTorch());
    }
  }

  /** Asks a runner, so that the service itself never loads PyTorch. */
  static boolean hasCuda(RunnerPool pool, Duration longest) {
    RunnerProcess runner = null;
    try {
      runner = pool.take(List.of());
      runner.awaitReady(longest);
      runner.send(new Message.LoadTorch());
      long until = System.nanoTime() + longest.toNanos();
      while (System.nanoTime() < until) {
        if (runner.receive(longest) instanceof Message.TorchLoaded loaded) {
          return loaded.cuda();
        }
      }
      throw new IOException("PyTorch was not loaded within " + longest.toSeconds() + " s");
    } catch (IOException e) {
      throw new UncheckedIOException("the runner that looks for GPUs: " + e.getMessage(), e);
    } finally {
      if (runner != null) {
        pool.discard(runner);
      }
    }
  }
}
