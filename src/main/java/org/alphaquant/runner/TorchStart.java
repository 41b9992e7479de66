package org.alphaquant.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.worker.DeviceSlots;

/** Loads PyTorch in a runner before the first job. */
final class TorchStart {
  static final List<String> CPU = List.of("cpu");

  private final Optional<RunnerPool> warm;

  /**
   * Starts the first runner while the service starts, so that the first job finds it ready. Not on
   * GPUs, where it is unknown which one the first job will use.
   */
  TorchStart(RunnerPool pool, DeviceSlots slots) {
    boolean onCpu = slots.all().stream().map(ComputeDevice::name).toList().equals(CPU);
    warm = onCpu ? Optional.of(pool) : Optional.empty();
    warm.ifPresent(it -> it.warmUp(CPU, new Message.LoadTorch()));
  }

  /** The pool with a ready runner for the CPU, if there is one. */
  Optional<RunnerPool> warm() {
    return warm;
  }

  /** Asks a runner, so that the service never loads PyTorch itself. */
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
