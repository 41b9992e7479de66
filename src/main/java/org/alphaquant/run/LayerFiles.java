package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.worker.AttemptLayout;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The finished layers of one attempt: for each a file of tensors, then a record. A layer is
 * finished when its record exists, because that is written last.
 */
record LayerFiles(Path folder) {

  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).build();

  void write(int layer, LayerResult result) {
    SafetensorsWriter.writeUnhashed(tensors(layer), result.tensors());
    byte[] record = JSON.writeValueAsBytes(LayerRecord.of(layer, result));
    AtomicFile.write(recordFile(layer), file -> file.write(ByteBuffer.wrap(record)));
  }

  /** Whether the layer is finished, and in the form of this version. */
  boolean has(int layer) {
    try {
      return Files.exists(recordFile(layer)) && read(layer).version() == LayerRecord.VERSION;
    } catch (JacksonException damaged) {
      return false;
    }
  }

  LayerRecord read(int layer) {
    return JSON.readValue(recordFile(layer).toFile(), LayerRecord.class);
  }

  /** Opens the file of a finished layer; the caller closes it. */
  SafetensorsFile file(int layer) {
    return SafetensorsFile.open(tensors(layer));
  }

  /**
   * Takes over layers 0 to {@code layers - 1} of another attempt, by links where the file system
   * has them.
   */
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

  /** Takes over a file, by a link where there can be one. */
  static void take(Path from, Path to) {
    try {
      Files.createLink(to, from);
    } catch (UnsupportedOperationException | IOException noLinks) {
      copy(from, to);
    }
  }

  private static void copy(Path from, Path to) {
    try {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path tensors(int layer) {
    return folder.resolve(AttemptLayout.tensors(layer));
  }

  private Path recordFile(int layer) {
    return folder.resolve(AttemptLayout.record(layer));
  }
}
