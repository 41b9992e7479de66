package org.alphaquant.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The files that hold a model's tensors, opened. Safe for use by several threads. */
public interface TensorFiles extends AutoCloseable {

  /** Names of the tensors, file by file, in the order of their data. */
  Set<String> names();

  /** Type and shape of one of {@link #names}. */
  TensorInfo info(String name);

  /** The bytes of one of {@link #names}, in slices. */
  List<ByteBuffer> bytes(String name);

  /**
   * Reads one of {@link #names} piece by piece.
   *
   * @param piece takes each in order, of whole elements, valid while it is taken
   */
  default void read(String name, Consumer<ByteBuffer> piece) {
    bytes(name).forEach(piece);
  }

  /** One of {@link #names} as something that can be written elsewhere. */
  TensorSource source(String name);

  /** The files, in the order of their names. */
  List<Path> paths();

  @Override
  void close();
}
