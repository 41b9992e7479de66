package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * Text that the model wrote, as token ids in files named after their first sequence: {@code
 * sampled-000000.safetensors}.
 *
 * @param prefix of the files' names
 * @param files a file of this attempt by its name, taken over from an earlier one if there is one
 */
record SampledText(String prefix, Function<String, Path> files) {

  private static final String TOKENS = "tokens";

  /** The sequences kept by this or an earlier attempt, from the first one on. */
  List<long[]> adopted() {
    List<long[]> sequences = new ArrayList<>();
    for (Path file = file(0); Files.exists(file); file = file(sequences.size())) {
      sequences.addAll(read(file));
    }
    return sequences;
  }

  /** Keeps sequences of one length. */
  void keep(int first, long[][] sequences) {
    ByteBuffer bytes =
        ByteBuffer.allocate(sequences.length * sequences[0].length * Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (long[] sequence : sequences) {
      for (long token : sequence) {
        bytes.putLong(token);
      }
    }
    List<Long> shape = List.of((long) sequences.length, (long) sequences[0].length);
    TensorInfo info = new TensorInfo(TOKENS, Dtype.I64, shape);
    SafetensorsWriter.write(file(first), List.of(TensorSource.of(info, bytes.flip())));
  }

  private static List<long[]> read(Path file) {
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      List<Long> shape = stored.info(TOKENS).shape();
      List<long[]> sequences = new ArrayList<>();
      ByteBuffer bytes = stored.bytes(TOKENS).get(0);
      for (int i = 0; i < shape.get(0); i++) {
        long[] sequence = new long[Math.toIntExact(shape.get(1))];
        for (int j = 0; j < sequence.length; j++) {
          sequence[j] = bytes.getLong((i * sequence.length + j) * Long.BYTES);
        }
        sequences.add(sequence);
      }
      return sequences;
    }
  }

  private Path file(int first) {
    return files.apply("%s-%06d.safetensors".formatted(prefix, first));
  }
}
