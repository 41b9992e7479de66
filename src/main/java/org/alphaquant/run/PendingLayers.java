package org.alphaquant.run;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * The files of a run's layers, some of which are not finished yet: writing a tensor waits for its
 * layer.
 */
final class PendingLayers implements AutoCloseable {

  private final List<CompletableFuture<SafetensorsFile>> files;

  PendingLayers(int layers) {
    this.files = Stream.generate(CompletableFuture<SafetensorsFile>::new).limit(layers).toList();
  }

  int count() {
    return files.size();
  }

  /** The layer's file is whole. */
  void finished(int layer, SafetensorsFile file) {
    if (!files.get(layer).complete(file)) {
      file.close();
    }
  }

  /** A tensor of a layer's file. */
  TensorSource source(int layer, TensorInfo tensor) {
    CompletableFuture<SafetensorsFile> file = files.get(layer);
    return new TensorSource() {
      @Override
      public TensorInfo info() {
        return tensor;
      }

      @Override
      public void writeTo(WritableByteChannel channel) throws IOException {
        file.join().source(tensor.name()).writeTo(channel);
      }
    };
  }

  /** All files, once they are whole. */
  List<SafetensorsFile> all() {
    return files.stream().map(CompletableFuture::join).toList();
  }

  /** Fails all waits for layers that will not be finished. */
  @Override
  public void close() {
    for (CompletableFuture<SafetensorsFile> file : files) {
      if (!file.completeExceptionally(new CancellationException("the run has ended"))
          && !file.isCompletedExceptionally()) {
        file.join().close();
      }
    }
  }
}
