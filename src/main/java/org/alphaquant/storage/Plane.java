package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.torch.TensorScope;

/**
 * One of the arrays that a quantized weight is stored in.
 *
 * @param suffix follows the module's name and a dot
 * @param encoding encodes its bytes
 */
public record Plane(String suffix, Dtype dtype, List<Long> shape, Encoding encoding) {

  /** Makes one plane of every weight of a batch. */
  public interface Encoding {

    /** The stored bytes of B weights, concatenated, in an array owned by {@code scope}. */
    NDArray encode(TensorScope scope, QuantizedBatch batch);
  }

  public Plane {
    shape = List.copyOf(shape);
  }

  public static Plane of(String suffix, Dtype dtype, Encoding encoding, long... shape) {
    return new Plane(suffix, dtype, Arrays.stream(shape).boxed().toList(), encoding);
  }

  /** The plane of a module. */
  public TensorInfo of(String module) {
    return new TensorInfo(module + "." + suffix, dtype, shape);
  }

  /** Number of 32-bit words that {@code count} codes fill. */
  public static long words(long count, int bits) {
    return (count * bits + Integer.SIZE - 1) / Integer.SIZE;
  }

  public long bytes() {
    return of("").bytes();
  }
}
