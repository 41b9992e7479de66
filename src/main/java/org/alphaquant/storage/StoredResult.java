package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** An existing result, opened for reading. */
public interface StoredResult extends AutoCloseable {

  /** The tensors of its files by name, in file order. */
  Map<String, ResultTensor> tensors();

  /** The stored bytes of a tensor, mapped. */
  List<ByteBuffer> bytes(String tensor);

  @Override
  void close();
}
