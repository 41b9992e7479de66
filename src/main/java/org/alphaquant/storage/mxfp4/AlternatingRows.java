package org.alphaquant.storage.mxfp4;

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

/**
 * A stack of matrices that interleave the rows of several pieces: row r of piece p is row {@code r
 * * pieces + p} of its matrix.
 *
 * @param turns pieces that make up a matrix
 * @param rowBytes bytes of a row
 */
record AlternatingRows(int turns, int rowBytes) implements Assembly {

  /** The stack, made matrix by matrix as it is written. */
  @Override
  public TensorSource assemble(PlannedTensor planned, List<TensorSource> pieces) {
    TensorInfo info = new TensorInfo(planned.name(), Dtype.U8, planned.tensor().shape());
    return new Source(info, this, List.copyOf(pieces));
  }

  @Override
  public List<ByteBuffer> piece(int piece, long[] sizes, List<ByteBuffer> stored) {
    int size = Math.toIntExact(sizes[piece]);
    byte[] matrix = bytes(stored, (long) (piece / turns) * turns * size, turns * size);
    byte[] rows = new byte[size];
    for (int at = 0; at < size; at += rowBytes) {
      System.arraycopy(matrix, at * turns + piece % turns * rowBytes, rows, at, rowBytes);
    }
    return List.of(ByteBuffer.wrap(rows));
  }

  private static byte[] bytes(List<ByteBuffer> stored, long from, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    long skip = from;
    for (ByteBuffer slice : stored) {
      int passed = (int) Math.min(skip, slice.remaining());
      int taken = Math.min(bytes.remaining(), slice.remaining() - passed);
      bytes.put(slice.slice(slice.position() + passed, taken));
      skip -= passed;
    }
    return bytes.array();
  }

  private record Source(TensorInfo info, AlternatingRows rows, List<TensorSource> pieces)
      implements TensorSource {

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      for (int first = 0; first < pieces.size(); first += rows.turns()) {
        channel.write(matrix(pieces.subList(first, first + rows.turns())));
      }
    }

    private ByteBuffer matrix(List<TensorSource> parts) throws IOException {
      int row = rows.rowBytes();
      byte[] matrix = new byte[Math.toIntExact(parts.get(0).info().bytes() * parts.size())];
      for (int p = 0; p < parts.size(); p++) {
        byte[] part = bytes(parts.get(p));
        for (int at = 0; at < part.length; at += row) {
          System.arraycopy(part, at, matrix, at * parts.size() + p * row, row);
        }
      }
      return ByteBuffer.wrap(matrix);
    }

    private static byte[] bytes(TensorSource part) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) part.info().bytes());
      part.writeTo(Channels.newChannel(bytes));
      return bytes.toByteArray();
    }
  }
}
