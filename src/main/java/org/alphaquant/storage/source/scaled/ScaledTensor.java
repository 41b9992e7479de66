package org.alphaquant.storage.source.scaled;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.source.BrainFloats;
import org.alphaquant.storage.source.ByteRange;
import org.alphaquant.storage.source.PlainTensor;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A matrix {@code weight} of E4M3 or signed bytes whose factors are in {@code weight_scale_inv}
 * (DeepSeek-V3, README_WEIGHTS.md) or {@code weight_scale} (compressed-tensors 0.18, {@code
 * compressors/naive_quantized}). Codes are multiplied by these factors, after subtracting the zero
 * point that {@code weight_zero_point} may hold for each scale. Dequantized, it is BF16. Scales of
 * its inputs, used for serving only, are ignored.
 *
 * @param codes the matrix without its factors
 */
public record ScaledTensor(PlainTensor codes) implements SourceTensor, TensorSource {

  private static final List<String> SCALES = List.of("_scale_inv", "_scale");
  private static final String ZERO = "_zero_point";
  private static final List<String> INPUTS =
      List.of("input_scale", "activation_scale", "input_scale_ub");
  private static final Set<Dtype> CODES = Set.of(Dtype.F8_E4M3, Dtype.I8);
  private static final String WEIGHT = "weight";
  private static final float[] E4M3 = e4m3();

  /** Whether a stored tensor is such a matrix with its scale. */
  public static boolean holds(Checkpoint checkpoint, String stored) {
    return CODES.contains(checkpoint.info(stored).dtype()) && scale(checkpoint, stored).isPresent();
  }

  static Optional<String> scale(Checkpoint checkpoint, String stored) {
    return SCALES.stream().map(stored::concat).filter(checkpoint::has).findFirst();
  }

  /** Whether a stored tensor is a scale of such a matrix, or of its inputs. */
  public static boolean belongs(Checkpoint checkpoint, String stored) {
    for (String scale : List.of(SCALES.get(0), SCALES.get(1), ZERO)) {
      String weight = stored.substring(0, Math.max(0, stored.length() - scale.length()));
      if (stored.endsWith(scale) && checkpoint.has(weight) && holds(checkpoint, weight)) {
        return true;
      }
    }
    String module = stored.substring(0, stored.lastIndexOf('.') + 1);
    return INPUTS.contains(stored.substring(module.length()))
        && checkpoint.has(module + WEIGHT)
        && holds(checkpoint, module + WEIGHT);
  }

  /**
   * Refuses a matrix without a scale, and a scale without a matrix.
   *
   * @param plain a tensor that {@link #holds} does not take
   * @throws ModelException naming the tensor
   */
  public static void refuseHalves(Checkpoint checkpoint, TensorInfo plain) {
    if (CODES.contains(plain.dtype())) {
      throw ModelException.tensor(
          plain.name(),
          "is %s but neither %s nor %s is there"
              .formatted(
                  plain.dtype(), plain.name() + SCALES.get(0), plain.name() + SCALES.get(1)));
    }
    scale(checkpoint, plain.name())
        .ifPresent(
            scale -> {
              throw ModelException.tensor(
                  scale,
                  "is there but %s is %s, neither fp8 nor int8"
                      .formatted(plain.name(), plain.dtype()));
            });
  }

  /**
   * Checks the scale against the matrix and {@code quantization_config}.
   *
   * @throws ModelException naming the tensor or the key
   */
  public ScaledTensor checked() {
    grid();
    String order = codes.storedName() + "_g_idx";
    if (checkpoint().has(order)) {
      throw ModelException.tensor(order, "is there; an order of inputs is read of packed integers");
    }
    zero()
        .filter(it -> isFloat() || it.dtype() != Dtype.I8 || it.elements() != scale().elements())
        .ifPresent(
            zero -> {
              throw ModelException.tensor(
                  zero.name(),
                  "is %s %s for %s numbers with scales %s; it must be I8 of the scales' shape"
                      .formatted(zero.dtype(), zero.shape(), values().dtype(), scale().shape()));
            });
    return this;
  }

  @Override
  public TensorInfo info() {
    return new TensorInfo(codes.name(), Dtype.BF16, values().shape());
  }

  @Override
  public List<TensorInfo> stored() {
    List<TensorInfo> stored = new ArrayList<>(List.of(values(), scale()));
    zero().ifPresent(stored::add);
    String weight = codes.storedName();
    String module = weight.substring(0, weight.lastIndexOf('.') + 1);
    INPUTS.stream()
        .map(module::concat)
        .filter(checkpoint()::has)
        .map(checkpoint()::info)
        .forEach(stored::add);
    return stored;
  }

  @Override
  public NDArray load(TensorScope scope) {
    ScaleGrid grid = grid();
    try (TensorScope loading = scope.child(codes.name())) {
      List<Long> shape = grid.shape(values().shape().get(0), values().shape().get(1));
      NDArray scale = loading.floats(scales(), shape.get(0), shape.get(1));
      NDArray numbers =
          loading.tensor(
              isFloat() ? TorchDtype.FLOAT8_E4M3 : TorchDtype.INT8,
              StoredFloats.shape(values()),
              checkpoint().bytes(codes.storedName()));
      NDArray centred =
          zero().isEmpty()
              ? numbers
              : loading.run(
                  "weights.minus_blocks",
                  numbers,
                  loading.floats(zeros(), shape.get(0), shape.get(1)),
                  grid.rows(),
                  grid.columns());
      NDArray floats =
          loading.run("weights.dequantize_blocks", centred, scale, grid.rows(), grid.columns());
      return loading.keep(scope, floats);
    }
  }

  @Override
  public TensorSource plain() {
    return this;
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    ScaleGrid grid = grid();
    float[] scales = scales();
    float[] zeros = zeros();
    long columns = values().shape().get(1);
    long across = grid.shape(1, columns).get(1);
    boolean isFloat = isFloat();
    BrainFloats out = new BrainFloats(channel);
    long index = 0;
    for (ByteBuffer slice : checkpoint().bytes(codes.storedName())) {
      ByteBuffer in = slice.duplicate();
      while (in.hasRemaining()) {
        int block =
            (int) (index / columns / grid.rows() * across + index % columns / grid.columns());
        byte code = in.get();
        out.write(((isFloat ? e4m3(code) : code) - zeros[block]) * scales[block]);
        index++;
      }
    }
    out.flush();
  }

  /** Signed bytes with scales for each row alone; other blocks are no groups of a row. */
  @Override
  public Optional<TensorScheme> scheme() {
    NumberFormat format = isFloat() ? NumberFormat.FP8_E4M3 : NumberFormat.INT8;
    long columns = values().shape().get(1);
    long group = Math.min(columns, grid().columns());
    return Optional.of(new TensorScheme(format, (int) group, zero().isEmpty(), NumberFormat.BF16));
  }

  @Override
  public ScaledCodes codes(TensorScope scope) {
    ScaleGrid grid = grid();
    long rows = values().shape().get(0);
    long columns = values().shape().get(1);
    List<Long> shape = grid.shape(rows, columns);
    NDArray scale = byRow(scope, scope.floats(scales(), shape.get(0), shape.get(1)));
    TorchDtype type = isFloat() ? TorchDtype.UINT8 : TorchDtype.INT8;
    NDArray numbers =
        scope.tensor(type, new long[] {rows, columns}, checkpoint().bytes(codes.storedName()));
    TensorScheme scheme = scheme().orElseThrow();
    NDArray counted =
        isFloat() ? numbers : scope.run("packing.unsigned", numbers, scheme.format().smallest());
    return zero().isEmpty()
        ? ScaledCodes.symmetric(scope, scheme, counted, scale)
        : new ScaledCodes(
            scheme,
            counted,
            scale,
            byRow(scope, scope.floats(zeros(), shape.get(0), shape.get(1))));
  }

  private NDArray byRow(TensorScope scope, NDArray each) {
    return scope.run("weights.scales_by_row", each, grid().rows(), values().shape().get(0));
  }

  private float[] scales() {
    return StoredFloats.values(checkpoint(), scale());
  }

  /** The zero point of each scale; 0 where there is none. */
  private float[] zeros() {
    float[] zeros = new float[Math.toIntExact(scale().elements())];
    zero()
        .ifPresent(
            zero -> {
              ByteBuffer in = ByteRange.joined(checkpoint().bytes(zero.name()), 0, zero.bytes());
              for (int i = 0; i < zeros.length; i++) {
                zeros[i] = in.get(in.position() + i);
              }
            });
    return zeros;
  }

  private Optional<TensorInfo> zero() {
    String zero = codes.storedName() + ZERO;
    return checkpoint().has(zero) ? Optional.of(checkpoint().info(zero)) : Optional.empty();
  }

  private boolean isFloat() {
    return values().dtype() == Dtype.F8_E4M3;
  }

  private Checkpoint checkpoint() {
    return codes.checkpoint();
  }

  private TensorInfo values() {
    return checkpoint().info(codes.storedName());
  }

  private TensorInfo scale() {
    return checkpoint().info(scale(checkpoint(), codes.storedName()).orElseThrow());
  }

  private ScaleGrid grid() {
    return ScaleGrid.of(checkpoint(), values(), scale());
  }

  /** The value of a code. */
  static float e4m3(byte code) {
    return E4M3[code & 0xff];
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
