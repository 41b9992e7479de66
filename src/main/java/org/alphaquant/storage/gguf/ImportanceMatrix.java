package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.gguf.EngineTensor.Part;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * llama.cpp's importance matrix ({@code tools/imatrix}): for every tensor the sums of its inputs'
 * squares and their counts, matrix by matrix.
 */
public final class ImportanceMatrix {

  /** Its name among a result's files. */
  public static final String FILE = "imatrix.gguf";

  /**
   * The calibration's sums of a module.
   *
   * @param sums weighted sums of squares of each input
   * @param count sum of the weights
   */
  public record Sums(float[] sums, double count) {

    private Sums inOrder(int[] segments) {
      if (segments == null) {
        return this;
      }
      float[] ordered = new float[sums.length];
      int size = sums.length / segments.length;
      for (int i = 0; i < segments.length; i++) {
        System.arraycopy(sums, segments[i] * size, ordered, i * size, size);
      }
      return new Sums(ordered, count);
    }
  }

  private ImportanceMatrix() {}

  /**
   * Writes the file.
   *
   * @param sums of a module by name; empty where it was not calibrated
   * @param dataset the calibration text's name
   * @param chunks samples of {@code chunkSize} tokens
   * @return empty for a family that llama.cpp has no architecture for
   */
  public static Optional<WrittenFile> write(
      Path folder,
      Content content,
      Function<String, Optional<Sums>> sums,
      String dataset,
      long chunks,
      long chunkSize) {
    return new GgufContent(content, new GgufStorage(null))
        .model()
        .map(
            model -> {
              List<GgufTensor> tensors = new ArrayList<>();
              model.tensors().forEach(tensor -> tensors.addAll(of(tensor, sums)));
              Map<String, MetadataValue> metadata = new LinkedHashMap<>();
              metadata.put("general.type", MetadataValue.string("imatrix"));
              metadata.put("imatrix.datasets", MetadataValue.strings(List.of(dataset)));
              metadata.put("imatrix.chunk_count", MetadataValue.u32(chunks));
              metadata.put("imatrix.chunk_size", MetadataValue.u32(chunkSize));
              String name = FILE.substring(0, FILE.lastIndexOf('.'));
              return GgufWriter.write(folder, name, metadata, tensors, Long.MAX_VALUE).get(0);
            });
  }

  private static List<GgufTensor> of(EngineTensor tensor, Function<String, Optional<Sums>> sums) {
    List<Sums> matrices = new ArrayList<>();
    for (Part part : tensor.parts()) {
      if (!(part instanceof Rows rows) || rows.transposed() || !isWeight(rows.tensor())) {
        return List.of();
      }
      sums.apply(rows.tensor().substring(0, rows.tensor().length() - ".weight".length()))
          .map(own -> own.inOrder(rows.segments()))
          .ifPresent(matrices::add);
    }
    if (matrices.isEmpty() || matrices.size() != tensor.parts().size()) {
      return List.of();
    }
    long inputs = matrices.get(0).sums().length;
    long count = matrices.size();
    ByteBuffer squares = buffer(count * inputs);
    ByteBuffer counts = buffer(count);
    for (Sums matrix : matrices) {
      for (float sum : matrix.sums()) {
        squares.putFloat(sum);
      }
      counts.putFloat((float) matrix.count());
    }
    return List.of(
        tensor(tensor.name() + ".in_sum2", List.of(count, inputs), squares.flip()),
        tensor(tensor.name() + ".counts", List.of(count, 1L), counts.flip()));
  }

  private static boolean isWeight(String tensor) {
    return tensor.endsWith(".weight");
  }

  private static GgufTensor tensor(String name, List<Long> shape, ByteBuffer bytes) {
    return new GgufTensor(name, GgufType.F32, shape, channel -> channel.write(bytes.duplicate()));
  }

  private static ByteBuffer buffer(long floats) {
    return ByteBuffer.allocate(Math.toIntExact(floats * Float.BYTES))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
