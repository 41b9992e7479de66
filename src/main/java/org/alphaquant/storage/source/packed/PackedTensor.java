package org.alphaquant.storage.source.packed;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.source.BrainFloats;
import org.alphaquant.storage.source.ByteRange;
import org.alphaquant.storage.source.SourceQuantization;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A matrix of 4- or 8-bit integers (compressed-tensors, pack-quantized): {@code weight_packed}
 * holds 32-bit words of a row, the first value in the low bits; {@code weight_scale} has a factor
 * for each group of a row; a code is the value plus half of the range. Plain, it is BF16.
 *
 * @param name the matrix in the model, ending in {@code .weight}
 * @param weight the same in the checkpoint
 */
public record PackedTensor(Checkpoint checkpoint, String name, String weight)
    implements SourceTensor, TensorSource {

  private static final int WORD = 32;

  /** Whether a checkpoint holds that matrix packed. */
  public static boolean holds(Checkpoint checkpoint, String stored) {
    return checkpoint.has(stored + "_packed");
  }

  /**
   * Checks the parts against each other and against {@code quantization_config}.
   *
   * @throws ModelException naming the tensor or the key
   */
  public PackedTensor checked() {
    ModelConfig config = SourceQuantization.require(checkpoint, "there is a tensor " + packed());
    config.oneOf("quant_method", "", Set.of("compressed-tensors"));
    for (String part : List.of("_scale", "_shape")) {
      if (!checkpoint.has(weight + part)) {
        throw ModelException.tensor(weight + part, "is missing but there is " + packed());
      }
    }
    for (String part : List.of("_zero_point", "_g_idx")) {
      if (checkpoint.has(weight + part)) {
        throw ModelException.tensor(weight + part, "is there; only symmetric groups are read");
      }
    }
    TensorInfo words = checkpoint.info(packed());
    if (words.dtype() != Dtype.I32 || words.shape().size() != 2 || scale().shape().size() != 2) {
      throw ModelException.tensor(
          packed(), "is " + words.dtype() + " " + words.shape() + ", not I32 in two dimensions");
    }
    if (bits() != 4 && bits() != 8) {
      throw ModelException.tensor(packed(), "does not hold 4- or 8-bit values of " + shape());
    }
    if (scale().shape().get(0) != rows() || columns() % scale().shape().get(1) != 0) {
      throw ModelException.tensor(
          scale().name(), "has shape " + scale().shape() + " for a matrix " + shape());
    }
    return this;
  }

  @Override
  public TensorInfo info() {
    return new TensorInfo(name, Dtype.BF16, shape());
  }

  @Override
  public List<TensorInfo> stored() {
    return List.of(checkpoint.info(packed()), scale(), checkpoint.info(weight + "_shape"));
  }

  @Override
  public NDArray load(TensorScope scope) {
    try (TensorScope loading = scope.child(name)) {
      TensorInfo words = checkpoint.info(packed());
      long[] bytes = {rows(), words.bytes() / rows()};
      NDArray packed = loading.tensor(TorchDtype.UINT8, bytes, checkpoint.bytes(packed()));
      NDArray scales =
          loading.tensor(
              StoredFloats.torchDtype(scale()),
              StoredFloats.shape(scale()),
              checkpoint.bytes(scale().name()));
      NDArray floats = loading.run("weights.dequantize_packed", packed, scales, bits(), columns());
      return loading.keep(scope, floats);
    }
  }

  @Override
  public TensorSource plain() {
    return this;
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    float[] scales = StoredFloats.values(checkpoint, scale());
    long groups = scale().shape().get(1);
    long rowBytes = checkpoint.info(packed()).bytes() / rows();
    int mask = (1 << bits()) - 1;
    int half = 1 << (bits() - 1);
    BrainFloats out = new BrainFloats(channel);
    for (long row = 0; row < rows(); row++) {
      ByteBuffer words =
          ByteRange.joined(checkpoint.bytes(packed()), row * rowBytes, rowBytes)
              .duplicate()
              .order(ByteOrder.LITTLE_ENDIAN);
      int start = words.position();
      for (int column = 0; column < columns(); column++) {
        int bit = column * bits();
        int code = words.getInt(start + bit / WORD * Integer.BYTES) >>> bit % WORD & mask;
        int group = (int) (row * groups + column / (columns() / groups));
        out.write((code - half) * scales[group]);
      }
    }
    out.flush();
  }

  private String packed() {
    return weight + "_packed";
  }

  private TensorInfo scale() {
    return checkpoint.info(weight + "_scale");
  }

  private List<Long> shape() {
    List<Long> shape = new ArrayList<>();
    for (ByteBuffer slice : checkpoint.bytes(weight + "_shape")) {
      ByteBuffer in = slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      boolean wide = checkpoint.info(weight + "_shape").dtype() == Dtype.I64;
      while (in.hasRemaining()) {
        shape.add(wide ? in.getLong() : in.getInt());
      }
    }
    return shape;
  }

  private long rows() {
    return checkpoint.info(packed()).shape().get(0);
  }

  private long columns() {
    return shape().get(1);
  }

  private int bits() {
    long words = checkpoint.info(packed()).shape().get(1);
    return (int) (words * WORD / columns());
  }
}
