package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;

/** A result that is there, opened for reading. */
public interface StoredResult extends AutoCloseable {

  /** What its files hold, by name, in their order. */
  Map<String, ResultTensor> tensors();

  /** The stored bytes of a tensor, mapped. */
  List<ByteBuffer> bytes(String tensor);

  /** The folder as a family reads it; empty where it is no such folder. */
  Optional<Checkpoint> checkpoint();

  @Override
  void close();
}
