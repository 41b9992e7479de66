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
 */
record GgufCodec(GgufType type) implements Codec {

  static final String SUFFIX = "blocks";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    long bytes = type.bytes(columns, columns);
    Plane.Encoding encoding =
        (scope, batch) -> {
          ByteBuffer blocks = GgufBlocks.encode(type, codes(scope, batch, scheme));
          return scope.tensor(
              TorchDtype.UINT8, new long[] {batch.size(), rows * bytes}, List.of(blocks));
        };
    return List.of(Plane.of(SUFFIX, Dtype.U8, encoding, rows, bytes));
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
    float[] outer = type.hasTwoLevels() ? floats(scope, batch.outer()) : new float[0];
    int group = Math.toIntExact(batch.inFeatures() / batch.scale().getShape().get(2));
    return new BlockCodes(codes, floats(scope, batch.scale()), minimum, outer, group);
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
    return scope.floats(values, planes.outFeatures(), planes.inFeatures());
  }
}
