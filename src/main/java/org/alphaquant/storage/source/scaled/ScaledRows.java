package org.alphaquant.storage.source.scaled;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.source.BrainFloats;
import org.alphaquant.storage.source.ByteRange;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.storage.source.Strided;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * Some rows of one matrix of a stack {@code [E, …, …]} of E4M3 numbers, whose scales {@code [E, …]}
 * are those of {@link ScaledTensor} for each matrix of the stack as it is stored. Plain, they are
 * BF16.
 *
 * @param info name and shape of the rows once they are plain
 * @param stack name of the stored numbers
 * @param matrix which matrix of the stack
 * @param transposed whether the matrices are stored [in, out]
 * @param rows which rows [out]
 */
public record ScaledRows(
    Checkpoint checkpoint,
    TensorInfo info,
    String stack,
    int matrix,
    boolean transposed,
    Strided rows)
    implements SourceTensor, TensorSource {

  private static final List<String> INPUTS = List.of("_activation_scale", "_input_scale");

  /** Whether that stack is one. */
  public static boolean holds(Checkpoint checkpoint, String stack) {
    return checkpoint.info(stack).dtype() == Dtype.F8_E4M3
        && ScaledTensor.scale(checkpoint, stack).isPresent();
  }

  /** Whether a stored tensor is the scale of a stack's inputs. */
  public static boolean belongs(Checkpoint checkpoint, String stored) {
    return INPUTS.stream()
        .anyMatch(
            suffix -> {
              String stack = stored.substring(0, Math.max(0, stored.length() - suffix.length()));
              return stored.endsWith(suffix) && checkpoint.has(stack) && holds(checkpoint, stack);
            });
  }

  /**
   * Checks the scales against the matrices and {@code quantization_config}.
   *
   * @throws ModelException naming the tensor or the key
   */
  public ScaledRows checked() {
    List<Long> shape = scale().shape();
    if (shape.isEmpty() || !shape.get(0).equals(codes().shape().get(0))) {
      throw ModelException.tensor(
          scale().name(), "has shape %s for a stack %s".formatted(shape, codes().shape()));
    }
    grid();
    return this;
  }

  @Override
  public List<TensorInfo> stored() {
    List<TensorInfo> stored = new ArrayList<>(List.of(codes(), scale()));
    INPUTS.stream()
        .map(stack::concat)
        .filter(checkpoint::has)
        .map(checkpoint::info)
        .forEach(stored::add);
    return stored;
  }

  @Override
  public NDArray load(TensorScope scope) {
    ScaleGrid grid = grid();
    try (TensorScope loading = scope.child(info.name())) {
      NDArray numbers =
          loading.tensor(
              TorchDtype.FLOAT8_E4M3,
              StoredFloats.shape(element(codes())),
              bytes(codes(), codes().bytes() / count()));
      List<Long> shape = grid.shape(height(), width());
      NDArray scale = loading.floats(scales(), shape.get(0), shape.get(1));
      NDArray floats =
          loading.run("weights.dequantize_blocks", numbers, scale, grid.rows(), grid.columns());
      NDArray upright = transposed ? loading.run("weights.transposed", floats) : floats;
      long last = rows.at(info.shape().get(0) - 1) + 1;
      NDArray part = loading.run("weights.rows", upright, rows.first(), last, rows.step());
      return loading.keep(scope, part);
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
    long size = codes().bytes() / count();
    ByteBuffer in = ByteRange.joined(checkpoint.bytes(stack), matrix * size, size);
    long across = grid.shape(height(), width()).get(1);
    BrainFloats out = new BrainFloats(channel);
    for (long r = 0; r < info.shape().get(0); r++) {
      for (long c = 0; c < info.shape().get(1); c++) {
        long row = transposed ? c : rows.at(r);
        long column = transposed ? rows.at(r) : c;
        byte code = in.get(in.position() + Math.toIntExact(row * width() + column));
        long block = row / grid.rows() * across + column / grid.columns();
        out.write(ScaledTensor.e4m3(code) * scales[Math.toIntExact(block)]);
      }
    }
    out.flush();
  }

  private float[] scales() {
    float[] all = StoredFloats.values(checkpoint, scale());
    int each = all.length / Math.toIntExact(count());
    return Arrays.copyOfRange(all, matrix * each, (matrix + 1) * each);
  }

  private List<ByteBuffer> bytes(TensorInfo of, long size) {
    return ByteRange.of(checkpoint.bytes(of.name()), matrix * size, size);
  }

  private ScaleGrid grid() {
    return ScaleGrid.of(checkpoint, element(codes()), element(scale()));
  }

  /** A stack's tensor as it is for one matrix. */
  private static TensorInfo element(TensorInfo all) {
    return new TensorInfo(all.name(), all.dtype(), all.shape().subList(1, all.shape().size()));
  }

  private TensorInfo codes() {
    return checkpoint.info(stack);
  }

  private TensorInfo scale() {
    return checkpoint.info(ScaledTensor.scale(checkpoint, stack).orElseThrow());
  }

  private long count() {
    return codes().shape().get(0);
  }

  private long height() {
    return codes().shape().get(1);
  }

  private long width() {
    return codes().shape().get(2);
  }
}
