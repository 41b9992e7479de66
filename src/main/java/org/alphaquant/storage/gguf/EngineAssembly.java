package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.Assembly;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * Assembles an engine's tensor from the model's: stacked, rows reordered, floats converted.
 *
 * @param type the stored type
 * @param quantized whether its pieces are rows of that type already
 */
record EngineAssembly(EngineTensor tensor, GgufType type, boolean quantized) implements Assembly {

  private static final String WEIGHT = "weight";

  /** The planned tensor. */
  PlannedTensor planned() {
    return new PlannedTensor(
        GgufResult.tensor(tensor.name(), type, tensor.shape()), pieces(), this);
  }

  /** The scales of its whole weights, one for each expert. */
  PlannedTensor plannedScale() {
    List<String> scales = tensors().stream().map(weight -> plane(weight, GgufCodec.OUTER)).toList();
    return new PlannedTensor(
        GgufResult.tensor(scale(tensor.name()), GgufType.F32, List.of((long) scales.size())),
        scales);
  }

  /** The engine's name for the scale of one of its tensors. */
  static String scale(String name) {
    return name.substring(0, name.length() - WEIGHT.length()) + "scale";
  }

  private List<String> pieces() {
    return tensors().stream().map(name -> quantized ? plane(name) : name).toList();
  }

  // Every tensor of the model once, in the order of their first parts.
  private List<String> tensors() {
    return tensor.parts().stream()
        .filter(Rows.class::isInstance)
        .map(part -> ((Rows) part).tensor())
        .distinct()
        .toList();
  }

  /** The name of the plane that a quantized weight becomes. */
  static String plane(String weight) {
    return plane(weight, GgufCodec.SUFFIX);
  }

  private static String plane(String weight, String suffix) {
    return weight.substring(0, weight.length() - WEIGHT.length()) + suffix;
  }

  @Override
  public TensorSource assemble(PlannedTensor planned, List<TensorSource> pieces) {
    Map<String, TensorSource> sources = new HashMap<>();
    for (TensorSource piece : pieces) {
      sources.put(piece.info().name(), piece);
    }
    AssembledTensor assembled =
        new AssembledTensor(
            tensor, type, name -> data(sources.get(quantized ? plane(name) : name)));
    TensorInfo info = new TensorInfo(tensor.name(), Dtype.U8, List.of(planned.tensor().bytes()));
    return new Written(info, assembled);
  }

  private TensorData data(TensorSource source) {
    long row = tensor.shape().get(tensor.shape().size() - 1);
    return quantized ? new TensorData(source, type, row) : TensorData.plain(source);
  }

  /** The tensor as bytes. */
  private record Written(TensorInfo info, AssembledTensor tensor) implements TensorSource {
    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      tensor.writeTo(channel);
    }
  }

  @Override
  public List<ByteBuffer> piece(int piece, long[] sizes, List<ByteBuffer> stored) {
    List<ByteBuffer> own = JOINED.piece(piece, sizes, stored);
    Rows rows = rows(piece);
    if (rows == null || rows.rows() == null && rows.segments() == null) {
      return own;
    }
    ByteBuffer ordered = ByteBuffer.allocate(own.stream().mapToInt(ByteBuffer::remaining).sum());
    put(rows, own, ordered);
    return List.of(ordered);
  }

  @Override
  public void put(int piece, long[] sizes, List<ByteBuffer> stored, ByteBuffer whole) {
    Rows rows = rows(piece);
    if (rows == null || rows.rows() == null) {
      Assembly.super.put(piece, sizes, stored, whole);
    } else {
      putRows(rows.rows(), JOINED.piece(piece, sizes, stored), whole);
    }
  }

  private Rows rows(int piece) {
    return tensor.parts().get(piece) instanceof Rows rows ? rows : null;
  }

  private void put(Rows rows, List<ByteBuffer> slices, ByteBuffer whole) {
    if (rows.rows() != null) {
      putRows(rows.rows(), slices, whole);
      return;
    }
    ByteBuffer stored = joined(slices);
    int row = stored.remaining() / Math.toIntExact(tensor.shape().get(0));
    int size = row / rows.segments().length;
    for (int first = 0; first < stored.remaining(); first += row) {
      for (int i = 0; i < rows.segments().length; i++) {
        whole.put(first + rows.segments()[i] * size, stored, first + i * size, size);
      }
    }
  }

  private static void putRows(int[] rows, List<ByteBuffer> slices, ByteBuffer whole) {
    ByteBuffer stored = joined(slices);
    int size = stored.remaining() / rows.length;
    for (int i = 0; i < rows.length; i++) {
      whole.put(rows[i] * size, stored, i * size, size);
    }
  }

  private static ByteBuffer joined(List<ByteBuffer> slices) {
    List<ByteBuffer> parts = new ArrayList<>(slices);
    int bytes = parts.stream().mapToInt(ByteBuffer::remaining).sum();
    ByteBuffer all = ByteBuffer.allocate(bytes);
    parts.forEach(slice -> all.put(slice.duplicate()));
    return all.flip();
  }
}
