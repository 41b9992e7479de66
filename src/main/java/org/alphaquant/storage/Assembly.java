package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.util.List;
import org.alphaquant.checkpoint.TensorSource;

/** How the pieces of a planned tensor make it up, and how one is found in it again. */
public interface Assembly {

  /** Concatenates the pieces. */
  Assembly JOINED =
      new Assembly() {
        @Override
        public TensorSource assemble(PlannedTensor tensor, List<TensorSource> pieces) {
          return pieces.size() == 1 ? pieces.get(0) : JoinedSource.of(tensor, pieces);
        }

        @Override
        public List<ByteBuffer> piece(int piece, long[] sizes, List<ByteBuffer> stored) {
          return JoinedSource.piece(piece, sizes, stored);
        }
      };

  /** The bytes of the tensor from those of its pieces. */
  TensorSource assemble(PlannedTensor tensor, List<TensorSource> pieces);

  /**
   * The inverse: the bytes of one piece from those of the stored tensor.
   *
   * @param piece its index
   * @param sizes bytes of every piece
   */
  List<ByteBuffer> piece(int piece, long[] sizes, List<ByteBuffer> stored);

  /**
   * Puts what this tensor holds of a piece, of which others hold the rest, where the piece has it.
   */
  default void put(int piece, long[] sizes, List<ByteBuffer> stored, ByteBuffer whole) {
    int at = 0;
    for (ByteBuffer slice : piece(piece, sizes, stored)) {
      whole.put(at, slice, slice.position(), slice.remaining());
      at += slice.remaining();
    }
  }
}
