package org.alphaquant.model.design;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * A matrix [out, in], or a vector [out], whose rows are columns of a stored stack.
 *
 * @param stack name of the stored tensor
 * @param matrix which matrix [in, columns] of the stack
 * @param columns the matrix's columns
 * @param rows the column that is row 0, 1, ...
 */
record TransposedSource(
    Checkpoint checkpoint, TensorInfo info, String stack, int matrix, long columns, Strided rows)
    implements TensorSource {

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    int width = info.dtype().bits() / Byte.SIZE;
    long inputs = info.shape().size() == 1 ? 1 : info.shape().get(1);
    long size = inputs * columns * width;
    ByteBuffer in = ByteRange.joined(checkpoint.bytes(stack), matrix * size, size);
    ByteBuffer row = ByteBuffer.allocate(Math.toIntExact(inputs * width));
    for (long r = 0; r < info.shape().get(0); r++) {
      for (long i = 0; i < inputs; i++) {
        int position = Math.toIntExact((i * columns + rows.at(r)) * width);
        for (int b = 0; b < width; b++) {
          row.put(in.get(position + b));
        }
      }
      row.flip();
      while (row.hasRemaining()) {
        channel.write(row);
      }
      row.clear();
    }
  }
}
