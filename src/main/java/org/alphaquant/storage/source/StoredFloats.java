package org.alphaquant.storage.source;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** The element types that weights may be stored in. */
public final class StoredFloats {

  private static final Map<Dtype, TorchDtype> READ =
      Map.of(
          Dtype.F64, TorchDtype.FLOAT64,
          Dtype.F32, TorchDtype.FLOAT32,
          Dtype.F16, TorchDtype.FLOAT16,
          Dtype.BF16, TorchDtype.BFLOAT16,
          Dtype.F8_E4M3, TorchDtype.FLOAT8_E4M3);

  private static final int E8M0_BIAS = 127;

  private StoredFloats() {}

  /**
   * @throws ModelException if weights are not read from that type
   */
  public static TorchDtype torchDtype(TensorInfo info) {
    TorchDtype dtype = READ.get(info.dtype());
    if (dtype == null) {
      throw ModelException.tensor(
          info.name(), "is stored as " + info.dtype() + "; weights are read from " + READ.keySet());
    }
    return dtype;
  }

  /** The shape as the engine takes it. */
  public static long[] shape(TensorInfo info) {
    return info.shape().stream().mapToLong(Long::longValue).toArray();
  }

  /** Element {@code index} of a tensor's first dimension, in the type it is stored in. */
  public static NDArray element(TensorScope scope, Checkpoint checkpoint, String name, int index) {
    TensorInfo info = checkpoint.info(name);
    long[] shape = shape(info);
    long size = info.bytes() / shape[0];
    TorchDtype dtype = info.dtype() == Dtype.U8 ? TorchDtype.UINT8 : torchDtype(info);
    return scope.tensor(
        dtype,
        Arrays.copyOfRange(shape, 1, shape.length),
        ByteRange.of(checkpoint.bytes(name), index * size, size));
  }

  /** All values of a small tensor of floats, or of powers of two (E8M0). */
  public static float[] values(Checkpoint checkpoint, TensorInfo info) {
    float[] values = new float[Math.toIntExact(info.elements())];
    int next = 0;
    for (ByteBuffer slice : checkpoint.bytes(info.name())) {
      ByteBuffer in = slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        values[next++] = value(info.dtype(), in);
      }
    }
    return values;
  }

  private static float value(Dtype dtype, ByteBuffer in) {
    return switch (dtype) {
      case F32 -> in.getFloat();
      case F16 -> half(in.getShort());
      case F8_E8M0 -> Math.scalb(1.0f, (in.get() & 0xff) - E8M0_BIAS);
      default -> Float.intBitsToFloat(in.getShort() << 16);
    };
  }

  // IEEE 754 binary16; a power of two moves its exponent to where float32 has it.
  private static float half(short bits) {
    float magnitude = Float.intBitsToFloat((bits & 0x7fff) << 13) * 0x1p112f;
    float value = (bits & 0x7c00) == 0x7c00 ? Float.NaN : magnitude;
    return bits < 0 ? -value : value;
  }
}
