package org.alphaquant.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/** A float64 tensor as float32, which is what models are computed in and engines read. */
public record NarrowedDoubles(TensorSource wide, TensorInfo info) implements TensorSource {

  /** The tensor itself where it is not float64. */
  public static TensorSource of(TensorSource tensor) {
    TensorInfo info = tensor.info();
    return info.dtype() == Dtype.F64
        ? new NarrowedDoubles(tensor, new TensorInfo(info.name(), Dtype.F32, info.shape()))
        : tensor;
  }

  /**
   * @throws ModelException if a number is beyond float32
   */
  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    wide.writeTo(new Narrowing(info.name(), channel));
  }

  /** Takes the bytes of doubles, however they are cut, and hands on those of floats. */
  private static final class Narrowing implements WritableByteChannel {
    private final String name;
    private final WritableByteChannel target;
    private final ByteBuffer split =
        ByteBuffer.allocate(Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    Narrowing(String name, WritableByteChannel target) {
      this.name = name;
      this.target = target;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int taken = bytes.remaining();
      ByteBuffer floats =
          ByteBuffer.allocate((split.position() + taken) / Double.BYTES * Float.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.hasRemaining()) {
        split.put(bytes.get());
        if (!split.hasRemaining()) {
          floats.putFloat(narrowed(split.flip().getDouble()));
          split.clear();
        }
      }
      floats.flip();
      while (floats.hasRemaining()) {
        target.write(floats);
      }
      return taken;
    }

    private float narrowed(double value) {
      float narrow = (float) value;
      if (Float.isInfinite(narrow) && Double.isFinite(value)) {
        throw ModelException.tensor(name, "has the number " + value + ", beyond float32");
      }
      return narrow;
    }

    @Override
    public boolean isOpen() {
      return target.isOpen();
    }

    @Override
    public void close() throws IOException {
      target.close();
    }
  }
}
