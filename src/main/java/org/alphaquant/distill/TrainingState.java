package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The state from which a training resumes, in a file: latent weights, scales, norms and Adam's
 * moments, bit for bit, with the number of finished steps.
 */
final class TrainingState {

  private static final String STEP = "step";

  private TrainingState() {}

  static void write(TensorScope scope, Path file, List<StudentLayer> layers, int step) {
    List<TensorSource> tensors = new ArrayList<>();
    for (NDArray array : arrays(layers)) {
      List<Long> shape = Arrays.stream(array.getShape().getShape()).boxed().toList();
      TensorInfo info = new TensorInfo(name(tensors.size()), Dtype.F32, shape);
      tensors.add(TensorSource.lazy(info, () -> slices(scope, array)));
    }
    SafetensorsWriter.write(file, tensors, Map.of(STEP, String.valueOf(step)));
  }

  /** Puts a state back; returns its number of finished steps, 0 where there is no file. */
  static int read(TensorScope parent, Path file, List<StudentLayer> layers) {
    if (!Files.exists(file)) {
      return 0;
    }
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      int index = 0;
      for (NDArray array : arrays(layers)) {
        try (TensorScope scope = parent.child("state")) {
          String name = name(index++);
          long[] shape = array.getShape().getShape();
          NDArray kept = scope.tensor(TorchDtype.FLOAT32, shape, stored.bytes(name));
          scope.runInPlace("distill.copy", array, kept);
        }
      }
      layers.forEach(layer -> layer.store(parent));
      return Integer.parseInt(stored.metadata().get(STEP));
    }
  }

  private static List<NDArray> arrays(List<StudentLayer> layers) {
    return layers.stream().flatMap(layer -> layer.state().stream()).toList();
  }

  // One element of a stack at a time: a Java buffer holds 2 GiB at most.
  private static List<ByteBuffer> slices(TensorScope scope, NDArray array) {
    if (array.getShape().dimension() < 3) {
      return List.of(scope.toBytes(array));
    }
    List<ByteBuffer> slices = new ArrayList<>();
    for (int b = 0; b < array.getShape().get(0); b++) {
      try (TensorScope one = scope.child("element")) {
        slices.add(scope.toBytes(one.run("tensor.element", array, b)));
      }
    }
    return slices;
  }

  private static String name(int index) {
    return "%06d".formatted(index);
  }
}
