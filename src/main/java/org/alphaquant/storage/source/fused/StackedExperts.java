package org.alphaquant.storage.source.fused;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.Strided;
import org.alphaquant.storage.source.mxfp4.Mxfp4;
import org.alphaquant.storage.source.mxfp4.Mxfp4Rows;
import org.alphaquant.storage.source.scaled.ScaledRows;
import org.alphaquant.storage.source.scaled.ScaledTensor;

/**
 * The experts of a layer, found in two stacked tensors of a checkpoint.
 *
 * @param count experts
 * @param names module names of an expert's gate, up and down, in this order
 */
public record StackedExperts(
    Checkpoint checkpoint,
    FusedExperts fused,
    int count,
    long hidden,
    long width,
    IntFunction<List<String>> names) {

  /** Whether a checkpoint holds them so. */
  public static boolean in(Checkpoint checkpoint, FusedExperts fused) {
    return checkpoint.has(fused.gateUp()) || checkpoint.has(Mxfp4.blocks(fused.gateUp()));
  }

  /**
   * Every expert's weights and biases.
   *
   * @throws ModelException for a stack whose shape disagrees with the model's sizes
   */
  public List<SourceTensor> parts() {
    List<SourceTensor> parts = new ArrayList<>();
    stack(parts, fused.gateUp(), 2 * width, hidden, List.of(0, 1));
    stack(parts, fused.down(), hidden, width, List.of(2));
    return parts;
  }

  // One stack of matrices [out, in] that hold one or two projections.
  private void stack(
      List<SourceTensor> parts, String name, long out, long in, List<Integer> projections) {
    Arrangement arrangement = arrangement(name, out, in);
    if (fused.biased()) {
      require(FusedExperts.bias(name), List.of((long) count, out));
    }
    long rows = out / projections.size();
    for (int e = 0; e < count; e++) {
      for (int p : projections) {
        long first = projections.indexOf(p);
        Strided at =
            fused.arrangement() == Arrangement.INTERLEAVED
                ? new Strided(first, projections.size())
                : new Strided(first * rows, 1);
        String module = names.apply(e).get(p);
        parts.add(weight(name, arrangement, module, e, out, List.of(rows, in), at));
        if (fused.biased()) {
          String bias = FusedExperts.bias(name);
          TensorInfo info = new TensorInfo(module + ".bias", dtype(bias), List.of(rows));
          parts.add(new StackedColumns(checkpoint, info, bias, e, out, at));
        }
      }
    }
  }

  private SourceTensor weight(
      String name,
      Arrangement arrangement,
      String module,
      int expert,
      long out,
      List<Long> shape,
      Strided rows) {
    String weight = module + ".weight";
    if (checkpoint.has(Mxfp4.blocks(name))) {
      TensorInfo info = new TensorInfo(weight, Dtype.BF16, shape);
      return new Mxfp4Rows(checkpoint, info, name, expert, out, rows);
    }
    if (ScaledRows.holds(checkpoint, name)) {
      TensorInfo info = new TensorInfo(weight, Dtype.BF16, shape);
      boolean transposed = arrangement != Arrangement.GATE_FIRST;
      return new ScaledRows(checkpoint, info, name, expert, transposed, rows).checked();
    }
    TensorInfo info = new TensorInfo(weight, dtype(name), shape);
    ScaledTensor.refuseHalves(checkpoint, checkpoint.info(name));
    if (arrangement == Arrangement.GATE_FIRST) {
      long rowBytes = info.bytes() / shape.get(0);
      return new StackedRows(checkpoint, info, name, (expert * out + rows.first()) * rowBytes);
    }
    return new StackedColumns(checkpoint, info, name, expert, out, rows);
  }

  // Checks the stack and returns its arrangement: some families are published in both orientations.
  private Arrangement arrangement(String name, long out, long in) {
    if (checkpoint.has(Mxfp4.blocks(name))) {
      Mxfp4.check(checkpoint, name, count, out, in);
      return Arrangement.INTERLEAVED;
    }
    List<Long> upright = List.of((long) count, out, in);
    List<Long> transposed = List.of((long) count, in, out);
    if (fused.arrangement() == Arrangement.GATE_FIRST) {
      require(name, upright);
      return Arrangement.GATE_FIRST;
    }
    boolean standing = fused.arrangement() == Arrangement.TRANSPOSED && isStanding();
    require(name, standing ? upright : transposed);
    return standing ? Arrangement.GATE_FIRST : fused.arrangement();
  }

  // One of the two stacks may be square, and both lie the same way.
  private boolean isStanding() {
    return 2 * width == hidden
        ? !hasShape(fused.down(), width, hidden)
        : !hasShape(fused.gateUp(), hidden, 2 * width);
  }

  private boolean hasShape(String name, long height, long breadth) {
    return !checkpoint.has(name)
        || checkpoint.info(name).shape().equals(List.of((long) count, height, breadth));
  }

  private void require(String name, List<Long> shape) {
    if (!checkpoint.has(name)) {
      throw ModelException.tensor(name, "is missing; config.json asks for it with shape " + shape);
    }
    if (!checkpoint.info(name).shape().equals(shape)) {
      throw ModelException.tensor(
          name,
          "has shape " + checkpoint.info(name).shape() + " but config.json makes it " + shape);
    }
  }

  private Dtype dtype(String name) {
    return checkpoint.info(name).dtype();
  }
}
