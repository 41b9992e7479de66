package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/**
 * A tensor to be written, its bytes made only then.
 *
 * @param shape as PyTorch has it, rows last
 */
record GgufTensor(String name, GgufType type, List<Long> shape, Content content) {

  /** Gives exactly the bytes of the tensor. */
  interface Content {
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  GgufTensor {
    shape = List.copyOf(shape);
    if (shape.isEmpty() || shape.size() > 4) {
      throw new IllegalArgumentException(name + " has shape " + shape + "; GGUF takes 1 to 4 axes");
    }
  }

  long bytes() {
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    return type.bytes(elements, shape.get(shape.size() - 1));
  }
}
