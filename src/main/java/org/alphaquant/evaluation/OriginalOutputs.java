package org.alphaquant.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The original model's outputs on some windows, in files: the log-probabilities of every next token
 * and the experts of every token.
 *
 * <p>Probabilities of the whole vocabulary are kept where they take no more than {@value
 * #WHOLE_BYTES} bytes; otherwise those of the {@value #MOST_PROBABLE} most probable tokens, and the
 * total of all others.
 */
public final class OriginalOutputs {

  static final long WHOLE_BYTES = 1L << 30;
  static final int MOST_PROBABLE = 1024;

  /** Rows of one file of probabilities. */
  static final int BLOCK = 1024;

  private final Path folder;
  private final long rows;
  private final long vocabulary;

  /**
   * @param folder exists; holds nothing else
   * @param rows tokens of the windows
   */
  public OriginalOutputs(Path folder, long rows, long vocabulary) {
    this.folder = folder;
    this.rows = rows;
    this.vocabulary = vocabulary;
  }

  /** Tokens of the windows. */
  long rows() {
    return rows;
  }

  /** Tokens of the vocabulary whose probabilities are kept. */
  long compared() {
    return rows * vocabulary * Float.BYTES <= WHOLE_BYTES
        ? vocabulary
        : Math.min(vocabulary, MOST_PROBABLE);
  }

  /** Keeps log-probabilities [n, V] of rows {@code BLOCK * block} and following. */
  void put(TensorScope parent, int block, NDArray logProbability) {
    try (TensorScope scope = parent.child("keep probabilities")) {
      List<TensorSource> tensors = new ArrayList<>();
      if (compared() == vocabulary) {
        tensors.add(source(scope, "log_probability", Dtype.F32, logProbability));
      } else {
        NDList most = scope.runAll("evaluation.most_probable", logProbability, compared());
        tensors.add(source(scope, "log_probability", Dtype.F32, most.get(0)));
        tensors.add(source(scope, "tokens", Dtype.I64, most.get(1)));
      }
      SafetensorsWriter.write(probabilities(block), tensors);
    }
  }

  /** Log-probabilities of a block, and the tokens that they are of; none where of all. */
  NDList probabilities(TensorScope scope, int block) {
    try (SafetensorsFile file = SafetensorsFile.open(probabilities(block))) {
      NDArray values = array(scope, file, "log_probability", TorchDtype.FLOAT32);
      NDArray tokens =
          file.has("tokens")
              ? array(scope, file, "tokens", TorchDtype.INT64)
              : scope.longs(new long[0], 0);
      return new NDList(values, tokens);
    }
  }

  /** Keeps where a layer's tokens went. */
  void put(TensorScope parent, int layer, Routing routing) {
    try (TensorScope scope = parent.child("keep routing")) {
      SafetensorsWriter.write(
          routing(layer),
          List.of(
              source(scope, "experts", Dtype.I64, routing.experts()),
              source(scope, "weights", Dtype.F32, routing.weights())));
    }
  }

  /** Where a layer's tokens went; empty in a dense layer. */
  Optional<Routing> routing(TensorScope scope, int layer) {
    if (!Files.exists(routing(layer))) {
      return Optional.empty();
    }
    try (SafetensorsFile file = SafetensorsFile.open(routing(layer))) {
      return Optional.of(
          new Routing(
              array(scope, file, "experts", TorchDtype.INT64),
              array(scope, file, "weights", TorchDtype.FLOAT32)));
    }
  }

  private Path probabilities(int block) {
    return folder.resolve("probabilities-%05d.safetensors".formatted(block));
  }

  private Path routing(int layer) {
    return folder.resolve("routing-%05d.safetensors".formatted(layer));
  }

  private static TensorSource source(TensorScope scope, String name, Dtype dtype, NDArray array) {
    List<Long> shape = Arrays.stream(array.getShape().getShape()).boxed().toList();
    return TensorSource.lazy(
        new TensorInfo(name, dtype, shape), () -> List.of(scope.toBytes(array)));
  }

  private static NDArray array(
      TensorScope scope, SafetensorsFile file, String name, TorchDtype dtype) {
    long[] shape = file.info(name).shape().stream().mapToLong(Long::longValue).toArray();
    return scope.tensor(dtype, shape, file.bytes(name));
  }
}
