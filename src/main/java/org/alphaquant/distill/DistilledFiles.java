package org.alphaquant.distill;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.storage.ModuleEncoder;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.torch.TensorScope;

/**
 * The outcome of a training.
 *
 * @param files planes of the trained modules and the norms' weights, a file for each layer and the
 *     head that has any
 * @param checksums of the trained modules' dequantized weights, by module
 * @param norms full names of the trained norms' weights
 */
public record DistilledFiles(List<Path> files, Map<String, Long> checksums, List<String> norms) {

  /** Of no training. */
  public static final DistilledFiles NONE = new DistilledFiles(List.of(), Map.of(), List.of());

  public DistilledFiles {
    files = List.copyOf(files);
    checksums = Map.copyOf(checksums);
    norms = List.copyOf(norms);
  }

  /** Opens the files; the caller closes them. */
  public List<SafetensorsFile> open() {
    return files.stream().map(SafetensorsFile::open).toList();
  }

  /** Writes them. */
  static final class Writer {

    private final TensorScope scope;
    private final ModuleEncoder encoder;
    private final Path folder;
    private final List<Path> files = new ArrayList<>();
    private final Map<String, Long> checksums = new HashMap<>();
    private final List<String> norms = new ArrayList<>();

    Writer(TensorScope scope, QuantizationPlan plan, Path folder) {
      this.scope = scope;
      this.encoder = new ModuleEncoder(plan.format(), plan.dtype());
      this.folder = folder;
    }

    /** Writes a layer; the head counts as the one after the last. */
    void write(int index, StudentLayer layer) {
      List<TensorSource> tensors = tensors(layer);
      if (!tensors.isEmpty()) {
        Path file = folder.resolve("distilled-%05d.safetensors".formatted(index));
        SafetensorsWriter.write(file, tensors);
        files.add(file);
      }
    }

    /** What has been written. */
    DistilledFiles files() {
      return new DistilledFiles(files, checksums, norms);
    }

    private List<TensorSource> tensors(StudentLayer layer) {
      List<TensorSource> tensors = new ArrayList<>();
      layer.weights().forEach(weight -> tensors.addAll(weight(weight)));
      layer.norms().forEach(norm -> tensors.add(norm(norm)));
      return tensors;
    }

    private List<TensorSource> weight(LatentWeight weight) {
      List<TensorSource> tensors = new ArrayList<>();
      try (TensorScope work = scope.child("encode")) {
        QuantizedBatch all = weight.result(work);
        long rows = all.outFeatures() / weight.parts().size();
        for (int p = 0; p < weight.parts().size(); p++) {
          List<String> modules = weight.parts().get(p);
          QuantizedBatch part = all.rows(work, p * rows, (p + 1) * rows);
          long[] sums = work.toLongs(work.run("tensor.checksum", part.weight(), 0, rows));
          for (int b = 0; b < sums.length; b++) {
            checksums.put(modules.get(b), sums[b]);
          }
          tensors.addAll(encoder.encode(work, part, weight.scheme(), modules));
        }
      }
      return tensors;
    }

    private TensorSource norm(TrainedNorm norm) {
      norms.add(norm.tensor());
      List<Long> shape = Arrays.stream(norm.value().getShape().getShape()).boxed().toList();
      try (TensorScope work = scope.child("norm")) {
        return TensorSource.of(
            new TensorInfo(norm.tensor(), dtype(norm.dtype()), shape),
            work.toBytes(work.run("tensor.to_dtype", norm.leaf(), norm.dtype())));
      }
    }

    private static Dtype dtype(int number) {
      return switch (number) {
        case 5 -> Dtype.F16;
        case 7 -> Dtype.F64;
        case 15 -> Dtype.BF16;
        default -> Dtype.F32;
      };
    }
  }
}
