package org.alphaquant.storage.source.fp8;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.source.BrainFloats;
import org.alphaquant.storage.source.PlainTensor;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.torch.TensorScope;

/**
 * A block-scaled fp8 matrix (DeepSeek-V3, README_WEIGHTS.md): {@code weight} in E4M3 and {@code
 * weight_scale_inv} with one factor for each block. Plain, it is BF16.
 */
public record Fp8Tensor(PlainTensor codes) implements SourceTensor, TensorSource {

  private static final String SCALE = "_scale_inv";
  private static final float[] E4M3 = e4m3();

  /** Whether a stored tensor is an fp8 matrix with its scale. */
  public static boolean holds(Checkpoint checkpoint, String stored) {
    return checkpoint.info(stored).dtype() == Dtype.F8_E4M3 && checkpoint.has(stored + SCALE);
  }

  /** Whether a stored tensor is the scale of an fp8 matrix. */
  public static boolean scales(Checkpoint checkpoint, String stored) {
    String weight = stored.substring(0, Math.max(0, stored.length() - SCALE.length()));
    return stored.endsWith(SCALE) && checkpoint.has(weight) && holds(checkpoint, weight);
  }

  /**
   * Refuses an fp8 matrix without a scale, and a scale without an fp8 matrix.
   *
   * @param plain a tensor that {@link #holds} does not take
   * @throws ModelException naming the tensor
   */
  public static void refuseHalves(Checkpoint checkpoint, TensorInfo plain) {
    String scale = plain.name() + SCALE;
    if (plain.dtype() == Dtype.F8_E4M3) {
      throw ModelException.tensor(plain.name(), "is fp8 but " + scale + " is missing");
    }
    if (checkpoint.has(scale)) {
      throw ModelException.tensor(
          scale, "is there but " + plain.name() + " is " + plain.dtype() + ", not fp8");
    }
  }

  /**
   * Checks the scale against the matrix and {@code quantization_config}.
   *
   * @throws ModelException naming the tensor or the key
   */
  public Fp8Tensor checked() {
    blocks().check(values(), scale());
    return this;
  }

  @Override
  public TensorInfo info() {
    return new TensorInfo(codes.name(), Dtype.BF16, values().shape());
  }

  @Override
  public List<TensorInfo> stored() {
    return List.of(values(), scale());
  }

  @Override
  public NDArray load(TensorScope scope) {
    Fp8Blocks blocks = blocks();
    try (TensorScope loading = scope.child(codes.name())) {
      NDArray scale = new PlainTensor(checkpoint(), scale().name(), scale().name()).load(loading);
      NDArray floats =
          loading.run(
              "weights.dequantize_blocks",
              codes.load(loading),
              scale,
              blocks.rows(),
              blocks.columns());
      return loading.keep(scope, floats);
    }
  }

  @Override
  public TensorSource plain() {
    return this;
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    Fp8Blocks blocks = blocks();
    float[] scales = StoredFloats.values(checkpoint(), scale());
    long columns = values().shape().get(1);
    long across = scale().shape().get(1);
    BrainFloats out = new BrainFloats(channel);
    long index = 0;
    for (ByteBuffer slice : checkpoint().bytes(codes.storedName())) {
      ByteBuffer in = slice.duplicate();
      while (in.hasRemaining()) {
        long block = index / columns / blocks.rows() * across + index % columns / blocks.columns();
        out.write(E4M3[in.get() & 0xff] * scales[(int) block]);
        index++;
      }
    }
    out.flush();
  }

  private Checkpoint checkpoint() {
    return codes.checkpoint();
  }

  private TensorInfo values() {
    return checkpoint().info(codes.storedName());
  }

  private TensorInfo scale() {
    return checkpoint().info(codes.storedName() + SCALE);
  }

  private Fp8Blocks blocks() {
    return Fp8Blocks.of(checkpoint());
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
