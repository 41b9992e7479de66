package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.storage.ResultTensor;
import org.alphaquant.storage.StoredResult;

/** A result in GGUF files. */
record GgufResult(List<GgufFile> files) implements StoredResult {

  private static final int SLICE = 1 << 30;

  static GgufResult open(Path folder, Links links) {
    try (Stream<Path> files = Files.list(folder)) {
      Path first =
          files
              .filter(file -> file.getFileName().toString().matches(GgufStorage.FIRST_FILE))
              .findFirst()
              .orElseThrow(() -> new GgufException(folder.toString(), "holds no GGUF file"));
      return new GgufResult(GgufFile.openAll(first, links));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ResultTensor tensor(String name, GgufType type, List<Long> shape) {
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    long bytes = type.bytes(elements, shape.get(shape.size() - 1));
    return new ResultTensor(name, type.name(), shape, bytes);
  }

  @Override
  public Map<String, ResultTensor> tensors() {
    Map<String, ResultTensor> tensors = new LinkedHashMap<>();
    for (GgufFile file : files) {
      file.tensors()
          .values()
          .forEach(
              stored ->
                  tensors.put(stored.name(), tensor(stored.name(), stored.type(), stored.shape())));
    }
    return tensors;
  }

  @Override
  public List<ByteBuffer> bytes(String tensor) {
    for (GgufFile file : files) {
      GgufFile.Stored stored = file.tensors().get(tensor);
      if (stored != null) {
        return slices(file, stored);
      }
    }
    throw new IllegalArgumentException(tensor + " is not stored");
  }

  private static List<ByteBuffer> slices(GgufFile file, GgufFile.Stored stored) {
    List<ByteBuffer> slices = new ArrayList<>();
    for (long at = 0; at < stored.bytes(); at += SLICE) {
      slices.add(file.bytes(stored, at, (int) Math.min(SLICE, stored.bytes() - at)));
    }
    return slices;
  }

  @Override
  public void close() {
    files.forEach(GgufFile::close);
  }
}
