package org.alphaquant.storage.compressedtensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.EncodedTensor;
import org.alphaquant.storage.source.SourceQuantization;
import org.alphaquant.storage.source.SourceReader;
import org.alphaquant.storage.source.SourceTensor;

/**
 * Reads packed weights of compressed-tensors; their kind follows from the tensors present. Byte
 * weights with real scales are read like those of other tools.
 */
public final class CompressedTensorsSource implements SourceReader {

  private static final String PACKED = "_packed";
  private static final String SCALE = "_scale";
  private static final Set<String> PARTS =
      Set.of(
          "weight_packed",
          "weight_scale",
          "weight_shape",
          "weight_zero_point",
          "weight_g_idx",
          "weight_global_scale",
          "input_global_scale");

  @Override
  public Optional<SourceTensor> find(Checkpoint checkpoint, String name, String stored) {
    if (checkpoint.has(stored + PACKED)) {
      SourceQuantization.require(checkpoint, "there is a tensor " + stored + PACKED)
          .oneOf("quant_method", "", Set.of("compressed-tensors"));
      boolean nibbles = checkpoint.info(stored + PACKED).dtype() == Dtype.U8;
      return Optional.of(
          nibbles ? nibbles(checkpoint, name, stored) : integers(checkpoint, name, stored));
    }
    return isMxfp8(checkpoint, stored)
        ? Optional.of(mxfp8(checkpoint, name, stored))
        : Optional.empty();
  }

  @Override
  public boolean belongs(Checkpoint checkpoint, String stored) {
    int last = stored.lastIndexOf('.') + 1;
    String weight = stored.substring(0, last) + "weight";
    return PARTS.contains(stored.substring(last))
        && (checkpoint.has(weight + PACKED) || isMxfp8(checkpoint, weight));
  }

  private static boolean isMxfp8(Checkpoint checkpoint, String stored) {
    return checkpoint.has(stored)
        && checkpoint.info(stored).dtype() == Dtype.F8_E4M3
        && checkpoint.has(stored + SCALE)
        && checkpoint.info(stored + SCALE).dtype() == Dtype.U8;
  }

  private static EncodedTensor mxfp8(Checkpoint checkpoint, String name, String stored) {
    TensorInfo codes = matrix(checkpoint, stored);
    TensorScheme scheme = TensorScheme.of(NumberFormat.MXFP8, NumberFormat.MXFP8.blockSize());
    return tensor(
        checkpoint, name, stored, scheme, new Mxfp8(), codes.shape().get(0), codes.shape().get(1));
  }

  private static EncodedTensor nibbles(Checkpoint checkpoint, String name, String stored) {
    TensorInfo codes = matrix(checkpoint, stored + PACKED);
    boolean nv = checkpoint.has(stored + "_global_scale");
    NumberFormat format = nv ? NumberFormat.NVFP4 : NumberFormat.MXFP4;
    TensorScheme scheme = TensorScheme.of(format, format.blockSize());
    CodedWeight codec = nv ? new Nvfp4() : new Mxfp4();
    return tensor(
        checkpoint, name, stored, scheme, codec, codes.shape().get(0), 2 * codes.shape().get(1));
  }

  private static EncodedTensor integers(Checkpoint checkpoint, String name, String stored) {
    TensorInfo words = matrix(checkpoint, stored + PACKED);
    TensorInfo scale = matrix(checkpoint, stored + SCALE);
    long rows = scale.shape().get(0);
    long columns = StoredShape.of(checkpoint, stored + "_shape").get(1);
    NumberFormat format = integers(words, columns);
    long groups = scale.shape().get(1);
    if (columns % groups != 0) {
      throw ModelException.tensor(
          scale.name(), "has shape %s for %d inputs".formatted(scale.shape(), columns));
    }
    boolean symmetric = !checkpoint.has(stored + "_zero_point");
    TensorScheme scheme =
        new TensorScheme(format, (int) (columns / groups), symmetric, NumberFormat.BF16);
    boolean bytes = !symmetric && checkpoint.info(stored + "_zero_point").dtype() == Dtype.I8;
    CodedWeight codec = new PublishedIntegers(bytes, checkpoint.has(stored + "_g_idx"));
    return tensor(checkpoint, name, stored, scheme, codec, rows, columns);
  }

  // Rows are whole words, so that a few lengths of one fit several numbers of bits: the most do.
  private static NumberFormat integers(TensorInfo words, long columns) {
    for (int bits = Byte.SIZE; bits >= 2; bits--) {
      if (words.shape().get(1) == (columns * bits + Integer.SIZE - 1) / Integer.SIZE) {
        return NumberFormat.named("int" + bits).orElseThrow();
      }
    }
    throw ModelException.tensor(
        words.name(), "has shape %s for %d inputs".formatted(words.shape(), columns));
  }

  private static EncodedTensor tensor(
      Checkpoint checkpoint,
      String name,
      String stored,
      TensorScheme scheme,
      CodedWeight codec,
      long rows,
      long columns) {
    String module = stored.substring(0, stored.lastIndexOf('.'));
    return EncodedTensor.of(checkpoint, name, module, scheme, codec, rows, columns);
  }

  private static TensorInfo matrix(Checkpoint checkpoint, String name) {
    if (!checkpoint.has(name)) {
      throw ModelException.tensor(name, "is missing beside the rest of its weight");
    }
    TensorInfo info = checkpoint.info(name);
    if (info.shape().size() != 2 || info.elements() == 0) {
      throw ModelException.tensor(name, "has shape " + info.shape() + ", not two dimensions");
    }
    return info;
  }

  /** The shape that a packed weight has, which a tensor of two integers holds. */
  private static final class StoredShape {

    private StoredShape() {}

    static List<Long> of(Checkpoint checkpoint, String name) {
      if (!checkpoint.has(name) || checkpoint.info(name).elements() != 2) {
        throw ModelException.tensor(name, "is missing, or not the two numbers of a shape");
      }
      boolean wide = checkpoint.info(name).dtype() == Dtype.I64;
      List<Long> shape = new ArrayList<>();
      for (ByteBuffer slice : checkpoint.bytes(name)) {
        ByteBuffer in = slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
          shape.add(wide ? in.getLong() : in.getInt());
        }
      }
      return shape;
    }
  }
}
