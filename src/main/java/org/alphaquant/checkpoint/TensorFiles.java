package org.alphaquant.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The files that hold a model's tensors, opened. Safe for use by several threads. */
public interface TensorFiles extends AutoCloseable {

  /** Names of the tensors, file by file, in the order of their data. */
  Set<String> names();

  /** Type and shape of one of {@link #names}. */
  TensorInfo info(String name);

  /** The bytes of one of {@link #names}, in slices. */
  List<ByteBuffer> bytes(String name);

  /** One of {@link #names} as something that can be written elsewhere. */
  TensorSource source(String name);

  /** The files, in the order of their names. */
  List<Path> paths();

  @Override
  void close();
}
