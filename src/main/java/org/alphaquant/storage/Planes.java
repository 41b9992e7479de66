package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** The stored planes of one weight {@code [N, K]}, as arrays of a scope. */
public final class Planes {

  private final TensorScope scope;
  private final long outFeatures;
  private final long inFeatures;
  private final Map<String, Plane> planes;
  private final Function<String, List<ByteBuffer>> bytes;

  /**
   * @param planes in the codec's order
   * @param bytes the stored bytes of a plane by its suffix
   */
  public Planes(
      TensorScope scope,
      long outFeatures,
      long inFeatures,
      List<Plane> planes,
      Function<String, List<ByteBuffer>> bytes) {
    this.scope = scope;
    this.outFeatures = outFeatures;
    this.inFeatures = inFeatures;
    this.planes = planes.stream().collect(Collectors.toMap(Plane::suffix, Function.identity()));
    this.bytes = bytes;
  }

  public long outFeatures() {
    return outFeatures;
  }

  public long inFeatures() {
    return inFeatures;
  }

  public boolean has(String suffix) {
    return planes.containsKey(suffix);
  }

  /** The values of a plane of numbers, float32 of its shape. */
  public NDArray floats(String suffix) {
    TorchDtype dtype = TorchTypes.of(planes.get(suffix).dtype());
    return scope.run("tensor.to_dtype", typed(suffix, dtype), TorchDtype.FLOAT32.number());
  }

  /** A plane in its own type. */
  public NDArray typed(String suffix, TorchDtype dtype) {
    return scope.tensor(dtype, shape(suffix), bytes.apply(suffix));
  }

  /** The bytes of each row, uint8 [rows, bytes]. */
  public NDArray rows(String suffix) {
    Plane plane = planes.get(suffix);
    long rows = plane.shape().get(0);
    long[] shape = {rows, plane.bytes() / rows};
    return scope.tensor(TorchDtype.UINT8, shape, bytes.apply(suffix));
  }

  /** The bytes of 32-bit words, uint8 [rows, columns, 4]. */
  public NDArray words(String suffix) {
    if (planes.get(suffix).dtype() != Dtype.I32) {
      throw new IllegalArgumentException(planes.get(suffix) + " is no plane of words");
    }
    long[] shape = shape(suffix);
    long[] words = {shape[0], shape[1], Integer.BYTES};
    return scope.tensor(TorchDtype.UINT8, words, bytes.apply(suffix));
  }

  /** All 32-bit integers of a plane. */
  public int[] integers(String suffix) {
    int[] integers = new int[Math.toIntExact(planes.get(suffix).bytes() / Integer.BYTES)];
    int next = 0;
    for (ByteBuffer slice : bytes.apply(suffix)) {
      ByteBuffer in = slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        integers[next++] = in.getInt();
      }
    }
    return integers;
  }

  private long[] shape(String suffix) {
    return planes.get(suffix).shape().stream().mapToLong(Long::longValue).toArray();
  }
}
