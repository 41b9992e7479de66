package org.alphaquant.run;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.quantize.LayerResult;

/**
 * Background work of a run: each finished layer is written while the next one is computed, then
 * checked, and the result is assembled from the layers as they are finished. At most one layer
 * waits to be written, which bounds the memory.
 */
final class ResultWriting implements AutoCloseable {

  private final ExecutorService threads = Executors.newFixedThreadPool(3);
  private final LayerFiles layers;
  private final PendingLayers pending;
  private Future<List<WrittenFile>> result = new CompletableFuture<>();
  private Future<?> keeping = CompletableFuture.completedFuture(null);
  private CompletableFuture<Void> looked = CompletableFuture.completedFuture(null);

  /**
   * @param adopted number of layers finished by an earlier attempt
   */
  ResultWriting(LayerFiles layers, int count, int adopted) {
    this.layers = layers;
    this.pending = new PendingLayers(count);
    for (int i = 0; i < adopted; i++) {
      pending.finished(i, layers.file(i));
    }
  }

  /**
   * Starts assembling the result.
   *
   * @param assembly writes it from the layers and waits for those not finished
   */
  void begin(Function<PendingLayers, List<WrittenFile>> assembly) {
    result = threads.submit(() -> assembly.apply(pending));
  }

  /**
   * Writes a layer once the previous one is written, and gives its memory back. What is assembled
   * meanwhile comes from there.
   *
   * @param more called once it is written
   * @param look called after that, once the previous one was checked
   */
  void keep(int layer, LayerResult result, Runnable more, Runnable look) {
    InOrder.await(keeping);
    if (looked.isDone()) {
      InOrder.await(looked);
    }
    if (this.result.isDone()) {
      InOrder.await(this.result);
    }
    keeping =
        threads.submit(
            () -> {
              write(layer, result);
              more.run();
              looked = looked.thenRunAsync(look, threads);
            });
  }

  private void write(int layer, LayerResult result) {
    try (result) {
      pending.made(layer, result.tensors());
      try {
        layers.write(layer, result);
        pending.finished(layer, layers.file(layer));
      } finally {
        pending.gone(layer);
      }
    }
  }

  /** Waits until the last layer is written and checked. */
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

  /** Finishes writing the current layer; abandons an incomplete result. */
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
