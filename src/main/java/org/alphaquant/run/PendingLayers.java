package org.alphaquant.run;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * The layers of a run, some of which are not finished yet: writing a tensor waits for its layer. It
 * comes from memory while the layer's file is being written, then from the file.
 */
final class PendingLayers implements AutoCloseable {

  private final List<Pending> layers;

  PendingLayers(int layers) {
    this.layers = Stream.generate(Pending::new).limit(layers).toList();
  }

  /** A layer, in memory, as a file, or not there yet. */
  private static final class Pending {

    private final CompletableFuture<Void> there = new CompletableFuture<>();
    private final CompletableFuture<SafetensorsFile> file = new CompletableFuture<>();
    private final Map<String, TensorSource> memory = new HashMap<>();
    private int users;

    synchronized void made(List<TensorSource> tensors) {
      tensors.forEach(tensor -> memory.put(tensor.info().name(), tensor));
      there.complete(null);
    }

    // Waits until nobody reads the memory any more.
    synchronized void gone() {
      memory.clear();
      while (users > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted while a layer's memory is read", e);
        }
      }
    }

    void write(String tensor, WritableByteChannel channel) throws IOException {
      there.join();
      TensorSource own = borrowed(tensor);
      if (own == null) {
        file.join().source(tensor).writeTo(channel);
        return;
      }
      try {
        own.writeTo(channel);
      } finally {
        returned();
      }
    }

    private synchronized TensorSource borrowed(String tensor) {
      TensorSource own = memory.get(tensor);
      users += own == null ? 0 : 1;
      return own;
    }

    private synchronized void returned() {
      users--;
      notifyAll();
    }

    boolean fails(RuntimeException failure) {
      there.completeExceptionally(failure);
      return file.completeExceptionally(failure);
    }
  }

  int count() {
    return layers.size();
  }

  /** The layer's tensors are in memory until {@link #gone}. */
  void made(int layer, List<TensorSource> tensors) {
    layers.get(layer).made(tensors);
  }

  /** The layer's memory is given back; returns once nobody reads it. */
  void gone(int layer) {
    layers.get(layer).gone();
  }

  /** The layer's file is whole. */
  void finished(int layer, SafetensorsFile file) {
    Pending pending = layers.get(layer);
    if (!pending.file.complete(file)) {
      file.close();
    }
    pending.there.complete(null);
  }

  /** A tensor of a layer. */
  TensorSource source(int layer, TensorInfo tensor) {
    Pending pending = layers.get(layer);
    return new TensorSource() {
      @Override
      public TensorInfo info() {
        return tensor;
      }

      @Override
      public void writeTo(WritableByteChannel channel) throws IOException {
        pending.write(tensor.name(), channel);
      }
    };
  }

  /** All files, once they are whole. */
  List<SafetensorsFile> all() {
    return layers.stream().map(layer -> layer.file.join()).toList();
  }

  /** Fails all waits for layers that will not be finished. */
  @Override
  public void close() {
    for (Pending layer : layers) {
      if (!layer.fails(new CancellationException("the run has ended"))
          && !layer.file.isCompletedExceptionally()) {
        layer.file.join().close();
      }
    }
  }
}
