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
import org.alphaquant.storage.gguf.EngineTensor.Part;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * Assembles an engine's tensor from the model's: stacked, rows reordered, floats converted. @param
 * type the stored type
 *
 * @param quantized whether its pieces are rows of that type already
 */
record EngineAssembly(EngineTensor tensor, GgufType type, boolean quantized) implements Assembly {

  /** The planned tensor. */
  PlannedTensor planned() {
    return new PlannedTensor(
        GgufResult.tensor(tensor.name(), type, tensor.shape()), pieces(), this);
  }

  // Every tensor of the model once, in the order of their first parts.
  private List<String> pieces() {
    return tensor.parts().stream()
        .filter(Rows.class::isInstance)
        .map(part -> quantized ? plane(((Rows) part).tensor()) : ((Rows) part).tensor())
        .distinct()
        .toList();
  }

  /** The name of the plane that a quantized weight becomes. */
  static String plane(String weight) {
    return weight.substring(0, weight.length() - "weight".length()) + GgufCodec.SUFFIX;
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
    Part part = tensor.parts().get(piece);
    return part instanceof Rows rows && rows.rows() != null
        ? List.of(inverse(rows.rows(), own))
        : own;
  }

  private ByteBuffer inverse(int[] rows, List<ByteBuffer> slices) {
    ByteBuffer stored = joined(slices);
    int size = stored.remaining() / rows.length;
    ByteBuffer ordered = ByteBuffer.allocate(stored.remaining());
    for (int i = 0; i < rows.length; i++) {
      ordered.put(rows[i] * size, stored, i * size, size);
    }
    return ordered;
  }

  private static ByteBuffer joined(List<ByteBuffer> slices) {
    List<ByteBuffer> parts = new ArrayList<>(slices);
    int bytes = parts.stream().mapToInt(ByteBuffer::remaining).sum();
    ByteBuffer all = ByteBuffer.allocate(bytes);
    parts.forEach(slice -> all.put(slice.duplicate()));
    return all.flip();
  }
}
