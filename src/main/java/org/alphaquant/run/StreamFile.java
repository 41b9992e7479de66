package org.alphaquant.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A residual stream in a file, its parts on several devices one after the other: its micro-batches
 * as tensors {@code 00000}, {@code 00001}, …
 */
final class StreamFile {

  private StreamFile() {}

  static void write(Path file, List<ResidualStream> parts) {
    List<TensorSource> tensors = new ArrayList<>();
    for (ResidualStream stream : parts) {
      for (int i = 0; i < stream.microBatches().size(); i++) {
        int batch = i;
        List<Long> shape =
            Arrays.stream(stream.microBatches().get(i).getShape().getShape()).boxed().toList();
        TensorInfo info = new TensorInfo(name(tensors.size()), Dtype.F32, shape);
        tensors.add(TensorSource.lazy(info, () -> List.of(stream.bytes(batch))));
      }
    }
    SafetensorsWriter.write(file, tensors);
  }

  /** Reads the micro-batches that start within a range of samples. */
  static ResidualStream read(
      TensorScope scope, Path file, long hidden, int firstSample, int lastSample) {
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      List<TensorInfo> own = new ArrayList<>();
      long sample = 0;
      for (int i = 0; i < stored.names().size(); i++) {
        TensorInfo info = stored.info(name(i));
        if (sample >= firstSample && sample < lastSample) {
          own.add(info);
        }
        sample += info.shape().get(0);
      }
      return ResidualStream.restore(
          scope,
          hidden,
          own.size(),
          (into, i) -> {
            TensorInfo info = own.get(i);
            long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
            return into.tensor(TorchDtype.FLOAT32, shape, stored.bytes(info.name()));
          });
    }
  }

  private static String name(int microBatch) {
    return "%05d".formatted(microBatch);
  }
}
