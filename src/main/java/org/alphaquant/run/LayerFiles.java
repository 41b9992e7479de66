package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.quantize.LayerResult;
import tools.jackson.databind.json.JsonMapper;

/**
 * The finished layers of one attempt: for each a file of tensors, then a record. A layer counts as
 * finished when its record is there, as that is written last.
 */
record LayerFiles(Path folder) {

  private static final JsonMapper JSON = JsonMapper.shared();

  void write(int layer, LayerResult result) {
    try {
      Files.createDirectories(folder);
      SafetensorsWriter.write(tensors(layer), result.tensors());
      Path partial = folder.resolve(name(layer, "partial"));
      Files.writeString(partial, JSON.writeValueAsString(LayerRecord.of(layer, result)));
      Files.move(partial, recordFile(layer), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean has(int layer) {
    return Files.exists(recordFile(layer));
  }

  LayerRecord read(int layer) {
    return JSON.readValue(recordFile(layer).toFile(), LayerRecord.class);
  }

  /** Opens the files of layers 0 to {@code layers - 1}; the caller closes them. */
  List<SafetensorsFile> open(int layers) {
    return IntStream.range(0, layers).mapToObj(i -> SafetensorsFile.open(tensors(i))).toList();
  }

  /** Takes over layers 0 to {@code layers - 1} of another attempt, by links where there can be. */
  void adopt(LayerFiles other, int count) {
    try {
      Files.createDirectories(folder);
      for (int i = 0; i < count; i++) {
        take(other.tensors(i), tensors(i));
        take(other.recordFile(i), recordFile(i));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void take(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
    } catch (UnsupportedOperationException | IOException noLinks) {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private Path tensors(int layer) {
    return folder.resolve(name(layer, "safetensors"));
  }

  private Path recordFile(int layer) {
    return folder.resolve(name(layer, "json"));
  }

  private static String name(int layer, String extension) {
    return "layer-%05d.%s".formatted(layer, extension);
  }
}
