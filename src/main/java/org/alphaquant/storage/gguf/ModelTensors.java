package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorFiles;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.gguf.EngineTensor.Constants;
import org.alphaquant.storage.gguf.EngineTensor.Part;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/** The model's tensors found in the engine's: what {@link AssembledTensor} does, undone. */
final class ModelTensors implements TensorFiles {

  // Elements that are decoded at once; whole blocks of every type.
  private static final int CHUNK = 1 << 24;

  private final GgufResult result;
  private final Map<String, TensorInfo> infos;
  private final Map<String, List<Place>> places = new HashMap<>();

  /**
   * Where rows of a tensor are.
   *
   * @param first elements of the engine's tensor before them
   * @param scale what the engine multiplies by beside
   */
  private record Place(GgufFile file, GgufFile.Stored stored, Rows rows, long first, float scale) {}

  ModelTensors(GgufResult result, Map<String, TensorInfo> infos) {
    this.result = result;
    this.infos = infos;
  }

  /**
   * Says where the tensors are.
   *
   * @throws GgufException if the file lacks one of them
   */
  void layOut(GgufModel model) {
    model.tensors().forEach(this::layOut);
  }

  private void layOut(EngineTensor tensor) {
    GgufFile file =
        result.files().stream()
            .filter(each -> each.tensors().containsKey(tensor.name()))
            .findFirst()
            .orElseThrow(() -> new GgufException("model.gguf", "lacks " + tensor.name()));
    GgufFile.Stored stored = file.tensors().get(tensor.name());
    long elements = tensor.shape().stream().reduce(1L, Math::multiplyExact);
    if (stored.shape().stream().reduce(1L, Math::multiplyExact) != elements) {
      throw new GgufException(
          "model.gguf",
          "holds %s with shape %s; the model makes it %s"
              .formatted(tensor.name(), stored.shape(), tensor.shape()));
    }
    List<Float> scales = scales(tensor);
    long first = 0;
    for (Part part : tensor.parts()) {
      if (part instanceof Rows rows) {
        places
            .computeIfAbsent(rows.tensor(), key -> new ArrayList<>())
            .add(new Place(file, stored, rows, first, scales.isEmpty() ? 1 : scales.remove(0)));
        first += elements(rows);
      } else if (part instanceof Constants constants) {
        first += constants.values().length;
      }
    }
  }

  // Of each expert's whole matrix, or the only one's; none for most.
  private List<Float> scales(EngineTensor tensor) {
    List<Float> scales = new ArrayList<>();
    for (GgufFile file : tensor.matrix() ? result.files() : List.<GgufFile>of()) {
      GgufFile.Stored stored = file.tensors().get(EngineAssembly.scale(tensor.name()));
      if (stored != null) {
        ByteBuffer bytes =
            file.bytes(stored, 0, (int) stored.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
          scales.add(bytes.getFloat());
        }
      }
    }
    return scales;
  }

  private long elements(Rows rows) {
    TensorInfo info = infos.get(rows.tensor());
    return rows.rows() == null ? info.elements() : rows.rows().length * row(info);
  }

  // As the writer takes rows: those of a vector have one element.
  private static long row(TensorInfo info) {
    return info.shape().size() > 1 ? info.shape().get(info.shape().size() - 1) : 1;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(infos.keySet());
  }

  @Override
  public TensorInfo info(String name) {
    return infos.get(name);
  }

  @Override
  public TensorSource source(String name) {
    return TensorSource.lazy(infos.get(name), () -> bytes(name));
  }

  @Override
  public List<ByteBuffer> bytes(String name) {
    TensorInfo info = infos.get(name);
    List<Place> found = places.getOrDefault(name, List.of());
    if (found.isEmpty()) {
      throw new GgufException("model.gguf", "has no place for " + name);
    }
    if (found.get(0).rows().isWhole()) {
      return whole(found.get(0), info);
    }
    if (found.get(0).rows().change() != Change.NONE) {
      return List.of(unchanged(found.get(0), info));
    }
    ByteBuffer all = buffer(info.bytes());
    found.forEach(place -> put(place, info, all));
    return List.of(all.rewind());
  }

  private static List<ByteBuffer> whole(Place place, TensorInfo info) {
    List<ByteBuffer> slices = new ArrayList<>();
    for (long at = 0; at < info.elements(); at += CHUNK) {
      slices.add(numbers(place, info.dtype(), at, (int) Math.min(CHUNK, info.elements() - at)));
    }
    return slices;
  }

  private static ByteBuffer unchanged(Place place, TensorInfo info) {
    Rows rows = place.rows();
    ByteBuffer stored = numbers(place, Dtype.F32, 0, Math.toIntExact(info.elements()));
    ByteBuffer values = buffer(info.bytes());
    for (int i = 0; stored.hasRemaining(); i++) {
      int at = rows.rows() == null ? i : rows.rows()[i];
      values.putFloat(at * Float.BYTES, rows.change().undo(stored.getFloat()));
    }
    return values;
  }

  private void put(Place place, TensorInfo info, ByteBuffer all) {
    int size = info.dtype().bits() / Byte.SIZE;
    int columns = Math.toIntExact(row(info));
    if (place.rows().segments() != null) {
      int count = Math.toIntExact(info.elements());
      putSegments(
          place.rows().segments(), numbers(place, info.dtype(), 0, count), columns, size, all);
      return;
    }
    putRows(place, info, all, columns, size);
  }

  private static void putSegments(
      int[] segments, ByteBuffer from, int columns, int size, ByteBuffer all) {
    int width = columns / segments.length * size;
    for (int first = 0; first < all.capacity(); first += columns * size) {
      for (int i = 0; i < segments.length; i++) {
        all.put(first + segments[i] * width, from, first + i * width, width);
      }
    }
  }

  // Rows back where the model has them, or columns that were rows.
  private void putRows(Place place, TensorInfo info, ByteBuffer all, int columns, int size) {
    int[] rows = place.rows().rows();
    ByteBuffer from = numbers(place, info.dtype(), 0, rows.length * columns);
    for (int i = 0; i < rows.length; i++) {
      if (place.rows().transposed()) {
        for (int c = 0; c < columns; c++) {
          all.put((rows[i] * columns + c) * size, from, (c * rows.length + i) * size, size);
        }
      } else {
        all.put(rows[i] * columns * size, from, i * columns * size, columns * size);
      }
    }
  }

  // Elements of a place: of blocks as float32, of plain types as they are stored.
  private static ByteBuffer numbers(Place place, Dtype dtype, long from, int count) {
    GgufType type = place.stored().type();
    long first = (place.first() + from) / type.blockSize() * type.blockBytes();
    int bytes = Math.toIntExact(type.bytes(count, count));
    ByteBuffer stored = place.file().bytes(place.stored(), first, bytes);
    if (!type.isQuantized() && dtype.name().equals(type.name())) {
      return stored;
    }
    ByteBuffer floats = buffer((long) count * Float.BYTES);
    float[] values = GgufBlocks.decode(type, stored);
    for (int i = 0; place.scale() != 1 && i < values.length; i++) {
      values[i] *= place.scale();
    }
    floats.asFloatBuffer().put(values);
    return floats;
  }

  private static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public List<Path> paths() {
    return result.files().stream().map(GgufFile::path).toList();
  }

  @Override
  public void close() {
    result.close();
  }
}
