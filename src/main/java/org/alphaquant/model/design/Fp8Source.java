package org.alphaquant.model.design;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/** A block-scaled fp8 matrix, written as BF16. */
record Fp8Source(Checkpoint checkpoint, TensorInfo stored, TensorInfo scale)
    implements TensorSource {

  private static final float[] E4M3 = e4m3();

  @Override
  public TensorInfo info() {
    return new TensorInfo(stored.name(), Dtype.BF16, stored.shape());
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    Fp8Blocks blocks = Fp8Blocks.of(checkpoint);
    float[] scales = scales();
    long columns = stored.shape().get(1);
    long across = scale.shape().get(1);
    BrainFloats out = new BrainFloats(channel);
    long index = 0;
    for (ByteBuffer slice : checkpoint.bytes(stored.name())) {
      ByteBuffer in = slice.duplicate();
      while (in.hasRemaining()) {
        long block = index / columns / blocks.rows() * across + index % columns / blocks.columns();
        out.write(E4M3[in.get() & 0xff] * scales[(int) block]);
        index++;
      }
    }
    out.flush();
  }

  private float[] scales() {
    float[] values = new float[Math.toIntExact(scale.elements())];
    int next = 0;
    for (ByteBuffer slice : checkpoint.bytes(scale.name())) {
      ByteBuffer in = slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        values[next++] =
            scale.dtype() == Dtype.F32 ? in.getFloat() : Float.intBitsToFloat(in.getShort() << 16);
      }
    }
    return values;
  }

  // OCP 8-bit floating point (OFP8) E4M3: no infinities, one NaN per sign, bias 7.
  private static float[] e4m3() {
    float[] values = new float[256];
    for (int code = 0; code < values.length; code++) {
      int exponent = code >> 3 & 15;
      int mantissa = code & 7;
      float size = exponent == 0 ? mantissa * 0x1p-9f : Math.scalb(8 + mantissa, exponent - 10);
      float value = exponent == 15 && mantissa == 7 ? Float.NaN : size;
      values[code] = code < 128 ? value : -value;
    }
    return values;
  }
}
