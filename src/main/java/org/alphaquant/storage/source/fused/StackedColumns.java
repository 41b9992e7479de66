package org.alphaquant.storage.source.fused;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.source.ByteRange;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.storage.source.Strided;
import org.alphaquant.torch.TensorScope;

/**
 * A matrix [out, in], or a vector [out], whose rows are columns of one matrix of a stack.
 *
 * @param info name, type and shape in the model
 * @param stack name of the stored tensor
 * @param matrix which matrix [in, columns] of the stack
 * @param columns the matrix's columns
 * @param rows the column of each row
 */
record StackedColumns(
    Checkpoint checkpoint, TensorInfo info, String stack, int matrix, long columns, Strided rows)
    implements SourceTensor, TensorSource {

  @Override
  public List<TensorInfo> stored() {
    return List.of(checkpoint.info(stack));
  }

  @Override
  public NDArray load(TensorScope scope) {
    try (TensorScope loading = scope.child(info.name())) {
      NDArray all = StoredFloats.element(loading, checkpoint, stack, matrix);
      NDArray upright = info.shape().size() == 1 ? all : loading.run("weights.transposed", all);
      long last = rows.at(info.shape().get(0) - 1) + 1;
      NDArray part = loading.run("weights.rows", upright, rows.first(), last, rows.step());
      return loading.keep(scope, part);
    }
  }

  @Override
  public TensorSource plain() {
    return this;
  }

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
