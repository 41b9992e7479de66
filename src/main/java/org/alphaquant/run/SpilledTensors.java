package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorSource;

/**
 * Moves tensors out of memory where there are many: each call writes a file, which is deleted when
 * its tensors are read again.
 *
 * @param folder for the files
 */
record SpilledTensors(Path folder) implements UnaryOperator<List<TensorSource>> {

  private static final long SMALL = 16L << 20;

  @Override
  public List<TensorSource> apply(List<TensorSource> tensors) {
    if (tensors.stream().mapToLong(tensor -> tensor.info().bytes()).sum() < SMALL) {
      return tensors;
    }
    try {
      Files.createDirectories(folder);
      Path file = Files.createTempFile(folder, "spilled-", ".safetensors");
      SafetensorsWriter.write(file, tensors);
      SafetensorsFile stored = SafetensorsFile.open(file);
      List<TensorSource> mapped =
          stored.names().stream().map(name -> mapped(stored, name)).toList();
      // A mapping stays valid until nothing refers to it.
      stored.close();
      Files.delete(file);
      return mapped;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TensorSource mapped(SafetensorsFile stored, String name) {
    List<ByteBuffer> bytes = stored.bytes(name);
    return TensorSource.lazy(stored.info(name), () -> bytes);
  }
}
