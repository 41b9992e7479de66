package org.alphaquant.run;

import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.checkpoint.SafetensorsWriter;

/** The finished layers of one attempt, a file each, written when the layer is done. */
record LayerFiles(Path folder) {

  Path tensors(int layer) {
    return folder.resolve("layer-%05d.safetensors".formatted(layer));
  }

  boolean has(int layer) {
    return Files.exists(tensors(layer));
  }

  void write(int layer, LayerResult result) {
    SafetensorsWriter.write(tensors(layer), result.tensors());
  }
}
