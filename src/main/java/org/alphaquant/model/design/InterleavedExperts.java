package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;

/**
 * The experts of a layer as gpt-oss stores them: {@code gate_up_proj} [E, H, 2M] with the gate in
 * the even columns and up in the odd ones, {@code down_proj} [E, M, H], and with {@code _bias} [E,
 * 2M] and [E, H]. In MXFP4 a matrix is {@code _blocks} [E, out, in/32, 16] and {@code _scales} [E,
 * out, in/32] instead, not transposed.
 */
record InterleavedExperts(ExpertsDesign design) {

  /** Whether a layer's experts are stored so. */
  static boolean fused(ExpertsDesign design, Predicate<String> has) {
    return has.test(design.fusedGateUp()) || has.test(Mxfp4.blocks(design.fusedGateUp()));
  }

  void outline(Outline outline) {
    long both = 2 * design.width();
    outlineMatrix(outline, design.fusedGateUp(), both, design.hidden());
    outlineMatrix(outline, design.fusedDown(), design.hidden(), design.width());
    outline.tensor(bias(design.fusedGateUp()), design.count(), both);
    outline.tensor(bias(design.fusedDown()), design.count(), design.hidden());
  }

  private void outlineMatrix(Outline outline, String name, long out, long in) {
    if (outline.has(Mxfp4.blocks(name))) {
      outline.mxfp4(name, design.count(), out, in);
    } else {
      outline.tensor(name, design.count(), in, out);
    }
  }

  /** Reads one expert into element {@code index} of stacked arrays, the gate's rows first. */
  void fill(
      WeightReader reader, int expert, int index, NDArray gateUp, NDArray down, NDList biases) {
    try (TensorScope scope = reader.scope().child("expert " + expert)) {
      WeightReader into = reader.into(scope);
      place(scope, gateUp, evenFirst(scope, matrix(into, design.fusedGateUp(), expert)), index);
      place(scope, down, matrix(into, design.fusedDown(), expert), index);
      NDArray bias = into.slice(bias(design.fusedGateUp()), expert);
      place(scope, biases.get(0), evenFirst(scope, bias), index);
      place(scope, biases.get(1), into.slice(bias(design.fusedDown()), expert), index);
    }
  }

  /** The stored tensor's part of every expert, as plain tensors; none if it is not of these. */
  List<TensorSource> plain(Checkpoint checkpoint, String name) {
    boolean down = name.startsWith(design.fusedDown());
    String stack = down ? design.fusedDown() : design.fusedGateUp();
    if (!List.of(stack, Mxfp4.blocks(stack), bias(stack)).contains(name)) {
      return List.of();
    }
    List<TensorSource> parts = new ArrayList<>();
    for (int e = 0; e < design.count(); e++) {
      SwiGluDesign expert = design.expert(e);
      if (down) {
        parts.add(part(checkpoint, name, e, expert.down(), new Strided(0, 1)));
      } else {
        parts.add(part(checkpoint, name, e, expert.gate(), new Strided(0, 2)));
        parts.add(part(checkpoint, name, e, expert.up(), new Strided(1, 2)));
      }
    }
    return parts;
  }

  /** All names that a layer's experts may be stored under. */
  List<String> names() {
    return Stream.of(design.fusedGateUp(), design.fusedDown())
        .flatMap(name -> Stream.of(name, Mxfp4.blocks(name), Mxfp4.scales(name), bias(name)))
        .toList();
  }

  private TensorSource part(
      Checkpoint checkpoint, String name, int expert, LinearDesign linear, Strided columns) {
    long across = linear.out() * columns.step();
    List<Long> shape = List.of(linear.out(), linear.in());
    if (name.endsWith(Mxfp4.blocks(""))) {
      TensorInfo info = new TensorInfo(linear.weight(), Dtype.BF16, shape);
      Strided rows = new Strided(expert * across + columns.first(), columns.step());
      String stack = name.substring(0, name.length() - Mxfp4.blocks("").length());
      return new Mxfp4Source(checkpoint, info, stack, rows);
    }
    Dtype dtype = checkpoint.info(name).dtype();
    TensorInfo info =
        name.endsWith(bias(""))
            ? new TensorInfo(linear.biasTensor(), dtype, List.of(linear.out()))
            : new TensorInfo(linear.weight(), dtype, shape);
    return new TransposedSource(checkpoint, info, name, expert, across, columns);
  }

  static String bias(String name) {
    return name + "_bias";
  }

  private static NDArray matrix(WeightReader into, String name, int expert) {
    if (into.checkpoint().has(name)) {
      return into.scope().run("weights.transposed", into.slice(name, expert));
    }
    NDArray blocks = into.slice(Mxfp4.blocks(name), expert);
    NDArray scales = into.slice(Mxfp4.scales(name), expert);
    return into.scope().run("weights.dequantize_mxfp4", blocks, scales);
  }

  private static NDArray evenFirst(TensorScope scope, NDArray rows) {
    return scope.run("weights.even_rows_first", rows);
  }

  private static void place(TensorScope scope, NDArray target, NDArray source, int index) {
    scope.runInPlace("weights.place", target, source, index, 0);
  }
}
