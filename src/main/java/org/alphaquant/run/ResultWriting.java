package org.alphaquant.run;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.alphaquant.checkpoint.WrittenFile;

/**
 * What is written beside the computing, on two threads: each finished layer is kept while the next
 * one is computed, and the result is put together from the layers as they come. At most one layer
 * waits to be kept, which bounds the memory.
 */
final class ResultWriting implements AutoCloseable {

  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final LayerFiles layers;
  private final PendingLayers pending;
  private Future<List<WrittenFile>> result = new CompletableFuture<>();
  private Future<?> keeping = CompletableFuture.completedFuture(null);

  /**
   * @param adopted layers that are there already
   */
  ResultWriting(LayerFiles layers, int count, int adopted) {
    this.layers = layers;
    this.pending = new PendingLayers(count);
    for (int i = 0; i < adopted; i++) {
      pending.finished(i, layers.file(i));
    }
  }

  /**
   * Begins to put the result together.
   *
   * @param assembly writes it from the layers, of which it may have to wait for some
   */
  void begin(Function<PendingLayers, List<WrittenFile>> assembly) {
    result = threads.submit(() -> assembly.apply(pending));
  }

  /** Keeps a layer by {@code write} once the one before it is kept. */
  void keep(int layer, Runnable write) {
    InOrder.await(keeping);
    if (result.isDone()) {
      InOrder.await(result);
    }
    keeping =
        threads.submit(
            () -> {
              write.run();
              pending.finished(layer, layers.file(layer));
            });
  }

  /** Waits until the last layer is kept. */
  void awaitLayers() {
    InOrder.await(keeping);
  }

  /** Waits for the result that was begun; its files with their hashes. */
  List<WrittenFile> finish() {
    return InOrder.await(result);
  }

  /** The layers' files, all of them. */
  PendingLayers layers() {
    return pending;
  }

  /** A layer that is being kept is kept; a result that is not whole is given up. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      InOrder.await(keeping);
    } finally {
      pending.close();
      ended();
    }
  }

  private void ended() {
    try {
      while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
