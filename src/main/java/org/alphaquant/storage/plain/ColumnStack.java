package org.alphaquant.storage.plain;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.Assembly;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultTensor;

/**
 * A stack [E, in, columns] of matrices, or [E, columns] of vectors, whose columns are the rows
 * [rows, in] of its pieces: each matrix is assembled from the same number of pieces.
 */
record ColumnStack(
    ResultTensor stored,
    int pieces,
    boolean turns,
    int elements,
    int inputs,
    int columns,
    int width)
    implements Assembly {

  /**
   * @param pieces how many pieces make it up
   * @param turns whether a column of one piece and a column of the other are by turns, rather than
   *     all of one after all of the other
   */
  static ColumnStack of(ResultTensor stored, int pieces, boolean turns) {
    List<Long> shape = stored.shape();
    int last = shape.size() - 1;
    return new ColumnStack(
        stored,
        pieces,
        turns,
        Math.toIntExact(shape.get(0)),
        last == 1 ? 1 : Math.toIntExact(shape.get(1)),
        Math.toIntExact(shape.get(last)),
        Dtype.valueOf(stored.dtype()).bits() / Byte.SIZE);
  }

  private int perElement() {
    return pieces / elements;
  }

  private int elementBytes() {
    return inputs * columns * width;
  }

  /** The stack, made matrix by matrix as it is written. */
  @Override
  public TensorSource assemble(PlannedTensor planned, List<TensorSource> parts) {
    TensorInfo info = new TensorInfo(stored.name(), Dtype.valueOf(stored.dtype()), stored.shape());
    return new Source(info, this, List.copyOf(parts));
  }

  @Override
  public List<ByteBuffer> piece(int piece, long[] sizes, List<ByteBuffer> bytes) {
    return List.of(rows(piece, sizes[piece], matrix(piece, bytes)));
  }

  private record Source(TensorInfo info, ColumnStack stack, List<TensorSource> pieces)
      implements TensorSource {

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      int each = stack.perElement();
      for (int e = 0; e < stack.elements; e++) {
        ByteBuffer matrix = ByteBuffer.allocate(stack.elementBytes());
        for (int p = 0; p < each; p++) {
          byte[] rows = bytes(pieces.get(e * each + p));
          stack.copy(p, rows.length, (row, column) -> matrix.put(column, rows, row, stack.width));
        }
        while (matrix.hasRemaining()) {
          channel.write(matrix);
        }
      }
    }

    private static byte[] bytes(TensorSource piece) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) piece.info().bytes());
      piece.writeTo(Channels.newChannel(bytes));
      return bytes.toByteArray();
    }
  }

  /** The bytes of the matrix that a piece is part of. */
  private ByteBuffer matrix(int piece, List<ByteBuffer> slices) {
    ByteBuffer matrix = ByteBuffer.allocate(elementBytes());
    long from = (long) (piece / perElement()) * elementBytes();
    for (ByteBuffer part : slices) {
      int skip = (int) Math.min(from, part.remaining());
      int count = Math.min(matrix.remaining(), part.remaining() - skip);
      matrix.put(part.slice(part.position() + skip, count));
      from -= skip;
    }
    return matrix.flip();
  }

  /** The rows of a piece from a matrix of the stack. */
  private ByteBuffer rows(int piece, long bytes, ByteBuffer matrix) {
    ByteBuffer rows = ByteBuffer.allocate(Math.toIntExact(bytes));
    copy(
        piece % perElement(),
        rows.capacity(),
        (row, column) -> rows.put(row, matrix, matrix.position() + column, width));
    return rows;
  }

  /** Where a number is in the piece and where in the matrix, in bytes. */
  private interface Place {
    void of(int inPiece, int inMatrix);
  }

  private void copy(int piece, int bytes, Place place) {
    int rows = bytes / inputs / width;
    for (int r = 0; r < rows; r++) {
      int column = turns ? r * perElement() + piece : piece * rows + r;
      for (int i = 0; i < inputs; i++) {
        place.of((r * inputs + i) * width, (i * columns + column) * width);
      }
    }
  }
}
