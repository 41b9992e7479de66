package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.model.ModelException;

/**
 * Gathers the tensors that a model's forward pass reads, and holds each against the checkpoint: it
 * must be there, of a type that is read, and of the shape config.json makes it.
 */
public final class Outline {

  private final Checkpoint checkpoint;
  private final Set<String> read = new LinkedHashSet<>();
  private final List<ModuleDescription> linears = new ArrayList<>();
  private long parameters;
  private long bytes;

  public Outline(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /** Requires a tensor. */
  public void tensor(String name, long... shape) {
    if (!checkpoint.has(name)) {
      throw ModelException.tensor(
          name, "is missing; config.json asks for it with shape " + Arrays.toString(shape));
    }
    TensorInfo info = checkpoint.info(name);
    List<Long> expected = Arrays.stream(shape).boxed().toList();
    if (!info.shape().equals(expected)) {
      throw ModelException.tensor(
          name, "has shape " + info.shape() + " but config.json makes it " + expected);
    }
    StoredFloats.check(checkpoint, info);
    add(info);
    parameters += info.elements();
    StoredFloats.scale(checkpoint, name).ifPresent(this::add);
  }

  /** Requires a stack of {@code count} matrices [out, in] in MXFP4. */
  void mxfp4(String name, long count, long out, long in) {
    Mxfp4.check(checkpoint, name, count, out, in).forEach(this::add);
    parameters += count * out * in;
  }

  /** Requires a linear's weight and bias, and lists it. */
  public void linear(LinearDesign linear, ModuleKind kind, int layer, int expert) {
    tensor(linear.weight(), linear.out(), linear.in());
    if (linear.bias()) {
      tensor(linear.biasTensor(), linear.out());
    }
    list(linear, kind, layer, expert);
  }

  /** Lists a linear whose weight is part of a larger tensor. */
  public void list(LinearDesign linear, ModuleKind kind, int layer, int expert) {
    linears.add(
        new ModuleDescription(linear.name(), linear.out(), linear.in(), kind, layer, expert));
  }

  public boolean has(String name) {
    return checkpoint.has(name);
  }

  public List<ModuleDescription> linears() {
    return linears;
  }

  public long parameters() {
    return parameters;
  }

  public long bytes() {
    return bytes;
  }

  /** The checkpoint's other tensors. */
  public Set<String> unread() {
    return checkpoint.names().stream()
        .filter(name -> !read.contains(name))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private void add(TensorInfo info) {
    if (read.add(info.name())) {
      bytes += info.bytes();
    }
  }
}
