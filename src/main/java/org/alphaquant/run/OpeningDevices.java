package org.alphaquant.run;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;

/** The devices of an attempt, opened beside other work; closed with what was opened. */
final class OpeningDevices implements AutoCloseable {

  private final List<String> names;
  private final CompletableFuture<OpenDevices> opened = new CompletableFuture<>();
  private final Thread thread;
  private Rehearsing rehearsing;

  OpeningDevices(List<String> devices) {
    this.names = devices.stream().distinct().toList();
    this.thread = new Thread(this::open, "open devices");
    thread.setDaemon(true);
    thread.start();
  }

  private void open() {
    try {
      opened.complete(OpenDevices.of(names));
      opened.join().devices().forEach(Torch::warmUp);
    } catch (RuntimeException | Error failure) {
      // Once they are open, whoever uses them sees for itself what is wrong.
      opened.completeExceptionally(failure);
    }
  }

  /** Rehearses a job's work on them once they are open, beside other work. */
  void rehearse(PreparedJob job) {
    if (!names.equals(List.of("cpu"))) {
      rehearsing = new Rehearsing(job, opened);
    }
  }

  /** Waits for them; throws what opening them threw. */
  OpenDevices devices(JobContext context) {
    context.unit("starting PyTorch on " + String.join(" and ", names));
    return InOrder.await(opened);
  }

  @Override
  public void close() {
    joined();
    if (rehearsing != null) {
      rehearsing.close();
    }
    opened
        .handle(
            (devices, failure) -> {
              if (devices != null) {
                devices.close();
              }
              return null;
            })
        .join();
  }

  private void joined() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      // What was opened is closed all the same.
      Thread.currentThread().interrupt();
    }
  }
}
