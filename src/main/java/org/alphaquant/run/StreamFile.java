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

/** A residual stream in a file: its micro-batches as tensors {@code 00000}, {@code 00001}, … */
final class StreamFile {

  private StreamFile() {}

  static void write(Path file, ResidualStream stream) {
    List<TensorSource> tensors = new ArrayList<>();
    for (int i = 0; i < stream.microBatches().size(); i++) {
      int batch = i;
      List<Long> shape =
          Arrays.stream(stream.microBatches().get(i).getShape().getShape()).boxed().toList();
      TensorInfo info = new TensorInfo(name(i), Dtype.F32, shape);
      tensors.add(TensorSource.lazy(info, () -> List.of(stream.bytes(batch))));
    }
    SafetensorsWriter.write(file, tensors);
  }

  static ResidualStream read(TensorScope scope, Path file, long hidden) {
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      return ResidualStream.restore(
          scope,
          hidden,
          stored.names().size(),
          (into, i) -> {
            TensorInfo info = stored.info(name(i));
            long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
            return into.tensor(TorchDtype.FLOAT32, shape, stored.bytes(info.name()));
          });
    }
  }

  private static String name(int microBatch) {
    return "%05d".formatted(microBatch);
  }
}
