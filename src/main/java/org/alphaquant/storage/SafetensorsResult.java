package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.Checkpoint;

/** A result in safetensors files. */
record SafetensorsResult(Checkpoint opened) implements StoredResult {

  static SafetensorsResult open(Path folder) {
    return new SafetensorsResult(Checkpoint.open(folder));
  }

  @Override
  public Map<String, ResultTensor> tensors() {
    Map<String, ResultTensor> tensors = new LinkedHashMap<>();
    opened.names().forEach(name -> tensors.put(name, ResultTensor.of(opened.info(name))));
    return tensors;
  }

  @Override
  public List<ByteBuffer> bytes(String tensor) {
    return opened.bytes(tensor);
  }

  @Override
  public void close() {
    opened.close();
  }
}
