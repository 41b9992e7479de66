package org.alphaquant.storage.source.scaled;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.storage.source.SourceQuantization;
import tools.jackson.databind.JsonNode;

/**
 * Size of the blocks that share a scale: {@code W[i, j] = q[i, j] * scale[i / rows, j / columns]};
 * edge blocks are smaller (DeepSeek-V3, README_WEIGHTS.md; compressed-tensors 0.18, {@code
 * quantization/lifecycle/forward.py}).
 */
record ScaleGrid(long rows, long columns) {

  private static final Set<Dtype> SCALES = Set.of(Dtype.F32, Dtype.BF16, Dtype.F16, Dtype.F8_E8M0);

  /**
   * Holds a scale against its matrix and {@code quantization_config}: one for all, one for each
   * row, one for each block of the size given there, or several for each row.
   *
   * @throws ModelException naming the tensor or the key
   */
  static ScaleGrid of(Checkpoint checkpoint, TensorInfo weight, TensorInfo scale) {
    ModelConfig config = SourceQuantization.require(checkpoint, "there is " + weight.name());
    config.oneOf(
        "quant_method", "", new TreeSet<>(Set.of("fp8", "compressed-tensors", "fbgemm_fp8")));
    config.oneOf("fmt", "e4m3", Set.of("e4m3", "float8_e4m3fn"));
    if (!SCALES.contains(scale.dtype())) {
      throw ModelException.tensor(
          scale.name(), "is " + scale.dtype() + ", not F32, BF16, F16 or E8M0");
    }
    if (weight.shape().size() != 2) {
      throw ModelException.tensor(
          weight.name(), "is " + weight.dtype() + " with shape " + weight.shape() + ", not 2-D");
    }
    return of(weight, scale, blocks(config));
  }

  private static ScaleGrid of(TensorInfo weight, TensorInfo scale, List<ScaleGrid> blocks) {
    long rows = weight.shape().get(0);
    long columns = weight.shape().get(1);
    List<Long> shape = scale.shape();
    for (ScaleGrid block : blocks) {
      if (shape.equals(block.shape(rows, columns))) {
        return new ScaleGrid(Math.min(rows, block.rows), Math.min(columns, block.columns));
      }
    }
    if (scale.elements() == 1) {
      return new ScaleGrid(rows, columns);
    }
    boolean perRow = !shape.isEmpty() && shape.get(0) == rows;
    if (perRow && scale.elements() == rows) {
      return new ScaleGrid(1, columns);
    }
    if (shape.equals(List.of(1L, columns))) {
      return new ScaleGrid(rows, 1);
    }
    if (perRow && shape.size() == 2 && columns % shape.get(1) == 0 && blocks.isEmpty()) {
      return new ScaleGrid(1, columns / shape.get(1));
    }
    throw ModelException.tensor(scale.name(), "has shape " + shape + expected(weight, blocks));
  }

  private static String expected(TensorInfo weight, List<ScaleGrid> blocks) {
    return blocks.isEmpty()
        ? ", which is neither one scale nor some for each row of " + weight.shape()
        : " but blocks of %s make %s"
            .formatted(
                blocks.get(0), blocks.get(0).shape(weight.shape().get(0), weight.shape().get(1)));
  }

  /** Sizes that are named for the whole checkpoint, or for a group of its modules. */
  private static List<ScaleGrid> blocks(ModelConfig config) {
    List<ScaleGrid> blocks = new ArrayList<>();
    add(blocks, config, "weight_block_size");
    config
        .objectOrNull("config_groups")
        .ifPresent(
            groups ->
                groups
                    .root()
                    .propertyNames()
                    .forEach(
                        name ->
                            groups
                                .objectOrNull(name)
                                .flatMap(group -> group.objectOrNull("weights"))
                                .ifPresent(weights -> add(blocks, weights, "block_structure"))));
    return blocks;
  }

  private static void add(List<ScaleGrid> blocks, ModelConfig config, String key) {
    if (config.missingOrNull(key)) {
      return;
    }
    List<Long> size = size(config, key);
    if (size.size() != 2 || size.get(0) < 1 || size.get(1) < 1) {
      throw config.wrong(key, "is " + size + "; it must be [rows, columns]");
    }
    blocks.add(new ScaleGrid(size.get(0), size.get(1)));
  }

  // Older releases of compressed-tensors write 128x128.
  private static List<Long> size(ModelConfig config, String key) {
    JsonNode value = config.root().get(key);
    return value.isString() && value.asString().matches("\\d{1,6}x\\d{1,6}")
        ? Stream.of(value.asString().split("x")).map(Long::valueOf).toList()
        : config.integersOrNull(key);
  }

  /** How many scales a matrix of that size has, down and across. */
  List<Long> shape(long height, long width) {
    return List.of(pieces(height, rows), pieces(width, columns));
  }

  private static long pieces(long length, long piece) {
    return length / piece + (length % piece == 0 ? 0 : 1);
  }

  @Override
  public String toString() {
    return rows + "x" + columns;
  }
}
