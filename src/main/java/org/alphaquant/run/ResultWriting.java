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
 * What is done beside the computing, on threads of its own: each finished layer is kept while the
 * next one is computed, what was kept is looked at, and the result is put together from the layers
 * as they come. At most one layer waits to be kept, which bounds the memory.
 */
final class ResultWriting implements AutoCloseable {

  private final ExecutorService threads = Executors.newFixedThreadPool(3);
  private final LayerFiles layers;
  private final PendingLayers pending;
  private Future<List<WrittenFile>> result = new CompletableFuture<>();
  private Future<?> keeping = CompletableFuture.completedFuture(null);
  private CompletableFuture<Void> looked = CompletableFuture.completedFuture(null);

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

  /**
   * Keeps a layer by {@code write} once the one before it is kept.
   *
   * @param look done once it is kept and the one before it was looked at
   */
  void keep(int layer, Runnable write, Runnable look) {
    InOrder.await(keeping);
    if (looked.isDone()) {
      InOrder.await(looked);
    }
    if (result.isDone()) {
      InOrder.await(result);
    }
    keeping =
        threads.submit(
            () -> {
              write.run();
              pending.finished(layer, layers.file(layer));
              looked = looked.thenRunAsync(look, threads);
            });
  }

  /** Waits until the last layer is kept and was looked at. */
  void awaitLayers() {
    InOrder.await(keeping);
    InOrder.await(looked);
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
    try {
      InOrder.await(keeping);
      InOrder.await(looked);
    } finally {
      threads.shutdown();
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
