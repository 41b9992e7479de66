package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** A result that is there, opened for reading. */
public interface StoredResult extends AutoCloseable {

  /** What its files hold, by name, in their order. */
  Map<String, ResultTensor> tensors();

  /** The stored bytes of a tensor, mapped. */
  List<ByteBuffer> bytes(String tensor);

  @Override
  void close();
}
