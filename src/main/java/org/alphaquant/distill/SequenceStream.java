package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The residual stream of all sequences at one depth, in a file that is gone when this is closed:
 * float32 [n, S, H], of which some sequences at a time are in memory.
 */
final class SequenceStream implements AutoCloseable {

  private final FileChannel file;
  private final int sequences;
  private final long[] shape;
  private final int bytes;

  /**
   * Still without values.
   *
   * @param length tokens of a sequence
   */
  SequenceStream(Path path, int sequences, int length, long hidden) {
    this.sequences = sequences;
    this.shape = new long[] {0, length, hidden};
    this.bytes = Math.toIntExact(Float.BYTES * length * hidden);
    try {
      Files.createDirectories(path.getParent());
      this.file =
          FileChannel.open(
              path,
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Some sequences' stream, [b, S, H]. */
  NDArray read(TensorScope scope, int... chosen) {
    List<ByteBuffer> slices = new ArrayList<>();
    for (int sequence : chosen) {
      slices.add(read(sequence));
    }
    return scope.tensor(TorchDtype.FLOAT32, new long[] {chosen.length, shape[1], shape[2]}, slices);
  }

  private ByteBuffer read(int sequence) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
    try {
      while (buffer.hasRemaining()) {
        if (file.read(buffer, (long) sequence * bytes + buffer.position()) < 0) {
          throw new IOException("the stream of sequence %d is cut off".formatted(sequence));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return buffer.flip();
  }

  /** Sets the stream of sequences from {@code first} on to x [b, S, H]. */
  void write(TensorScope scope, int first, NDArray x) {
    ByteBuffer values = scope.toBytes(x);
    long position = (long) first * bytes;
    try {
      while (values.hasRemaining()) {
        position += file.write(values, position);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Replaces the stream by what a layer makes of it, some sequences at a time. */
  void advance(TensorScope parent, int atOnce, BiFunction<TensorScope, NDArray, NDArray> layer) {
    for (int first = 0; first < sequences; first += atOnce) {
      int[] chosen = range(first, Math.min(sequences, first + atOnce));
      try (TensorScope work = parent.child("stream")) {
        write(work, first, layer.apply(work, read(work, chosen)));
      }
    }
  }

  private static int[] range(int from, int to) {
    return java.util.stream.IntStream.range(from, to).toArray();
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
