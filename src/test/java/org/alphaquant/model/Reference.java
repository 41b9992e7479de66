package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** Activations of the reference implementation on a fixture, from its reference.safetensors. */
record Reference(SafetensorsFile file) implements AutoCloseable {

  static Reference of(Path fixture) {
    return new Reference(SafetensorsFile.open(fixture.resolve("reference.safetensors")));
  }

  NDArray inputIds(TensorScope scope) {
    return scope.tensor(TorchDtype.INT64, shape("input_ids"), file.bytes("input_ids"));
  }

  NDArray floats(TensorScope scope, String name) {
    return scope.tensor(TorchDtype.FLOAT32, shape(name), file.bytes(name));
  }

  /**
   * Relative L2 distance of an array {@code [batch, positions, width]} from a tensor of the
   * reference, which may hold the last positions only: the bundled ones keep eight of the logits.
   */
  double distance(TensorScope scope, String name, NDArray actual) {
    float[] expected = scope.toFloats(floats(scope, name));
    long positions = shape(name)[1];
    NDArray last = actual.get(":, -" + positions + ":").flatten();
    return distance(expected, scope.toFloats(last));
  }

  static double distance(float[] expected, float[] actual) {
    if (expected.length != actual.length) {
      return Double.POSITIVE_INFINITY;
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(expected[i] - (double) actual[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  private long[] shape(String name) {
    TensorInfo info = file.info(name);
    return info.shape().stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public void close() {
    file.close();
  }
}
