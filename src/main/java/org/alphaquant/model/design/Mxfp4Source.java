package org.alphaquant.model.design;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * Some rows of one matrix of an MXFP4 stack, written as BF16.
 *
 * @param stack name of the stack, without {@code _blocks}
 * @param rows which rows, of those of all matrices in order
 */
record Mxfp4Source(Checkpoint checkpoint, TensorInfo info, String stack, Strided rows)
    implements TensorSource {

  private static final float[] E2M1 = {
    0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6
  };
  private static final int BIAS = 127;

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    List<ByteBuffer> blocks = checkpoint.bytes(Mxfp4.blocks(stack));
    List<ByteBuffer> scales = checkpoint.bytes(Mxfp4.scales(stack));
    long columns = info.shape().get(1);
    BrainFloats out = new BrainFloats(channel);
    for (long r = 0; r < info.shape().get(0); r++) {
      long row = rows.at(r);
      ByteBuffer codes = ByteRange.joined(blocks, row * columns / 2, columns / 2);
      ByteBuffer exponents =
          ByteRange.joined(scales, row * columns / Mxfp4.BLOCK, columns / Mxfp4.BLOCK);
      for (int c = 0; c < columns; c++) {
        int pair = codes.get(c / 2);
        float value = E2M1[(c % 2 == 0 ? pair : pair >> 4) & 15];
        out.write(Math.scalb(value, (exponents.get(c / Mxfp4.BLOCK) & 0xff) - BIAS));
      }
    }
    out.flush();
  }
}
