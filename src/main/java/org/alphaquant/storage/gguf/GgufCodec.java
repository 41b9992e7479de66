package org.alphaquant.storage.gguf;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The rows of a weight in blocks, one plane of bytes.
 *
 * @param type of the blocks
 * @param outer whether the scale of the whole weight, a power of two, is a plane beside them
 */
record GgufCodec(GgufType type, boolean outer) implements Codec {

  static final String SUFFIX = "blocks";
  static final String OUTER = "scale";

  GgufCodec(GgufType type) {
    this(type, false);
  }

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    long bytes = type.bytes(columns, columns);
    Plane.Encoding encoding =
        (scope, batch) -> {
          ByteBuffer blocks = GgufBlocks.encode(type, codes(scope, batch, scheme));
          return scope.tensor(
              TorchDtype.UINT8, new long[] {batch.size(), rows * bytes}, List.of(blocks));
        };
    Plane blocks = Plane.of(SUFFIX, Dtype.U8, encoding, rows, bytes);
    Plane.Encoding scale =
        (scope, batch) ->
            QuantizedBatch.bytes(
                scope, scope.run("format.numbers", batch.outer()), TorchDtype.FLOAT32);
    return outer ? List.of(blocks, Plane.of(OUTER, Dtype.F32, scale, 1)) : List.of(blocks);
  }

  private BlockCodes codes(TensorScope scope, QuantizedBatch batch, TensorScheme scheme) {
    byte[] codes = bytes(scope, batch.codes());
    int shift = GgufScheme.shift(scheme, type);
    for (int i = 0; shift != 0 && i < codes.length; i++) {
      codes[i] += (byte) shift;
    }
    double least = scheme.format().smallest();
    float[] minimum =
        type.hasMinimum()
            ? floats(
                scope,
                scope.run("kquant.minima", batch.scale(), batch.zero(), least, batch.outer()))
            : new float[0];
    float[] units = type.hasTwoLevels() ? floats(scope, batch.outer()) : new float[0];
    int group = Math.toIntExact(batch.inFeatures() / batch.scale().getShape().get(2));
    NDArray scale =
        outer ? scope.run("format.below_outer", batch.scale(), batch.outer()) : batch.scale();
    return new BlockCodes(codes, floats(scope, scale), minimum, units, group);
  }

  private static byte[] bytes(TensorScope scope, NDArray array) {
    ByteBuffer buffer = scope.toBytes(array);
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static float[] floats(TensorScope scope, NDArray array) {
    return scope.toFloats(array);
  }

  @Override
  public NDArray decode(TensorScope scope, TensorScheme scheme, Planes planes) {
    ByteBuffer blocks = scope.toBytes(planes.rows(SUFFIX)).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = GgufBlocks.decode(type, blocks);
    if (outer) {
      float scale = scope.toFloats(planes.floats(OUTER))[0];
      for (int i = 0; i < values.length; i++) {
        values[i] *= scale;
      }
    }
    return scope.floats(values, planes.outFeatures(), planes.inFeatures());
  }
}
