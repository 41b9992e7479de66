package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.sources.SourceTensors;

/**
 * Collects the tensors that a forward pass reads and checks each against the checkpoint: it must
 * exist, have a supported type, and have the shape that follows from config.json.
 */
public final class Outline {

  private final Checkpoint checkpoint;
  private final SourceTensors tensors;
  private final Set<String> read = new LinkedHashSet<>();
  private final Set<String> stored = new LinkedHashSet<>();
  private final List<ModuleDescription> linears = new ArrayList<>();
  private long parameters;
  private long bytes;

  public Outline(Checkpoint checkpoint, SourceTensors tensors) {
    this.checkpoint = checkpoint;
    this.tensors = tensors;
  }

  /** Requires a tensor. */
  public void tensor(String name, long... shape) {
    if (!tensors.has(name)) {
      throw ModelException.tensor(
          name, "is missing; config.json asks for it with shape " + Arrays.toString(shape));
    }
    SourceTensor tensor = tensors.checked(name);
    TensorInfo info = tensor.info();
    List<Long> expected = Arrays.stream(shape).boxed().toList();
    if (!info.shape().equals(expected)) {
      throw ModelException.tensor(
          name, "has shape " + info.shape() + " but config.json makes it " + expected);
    }
    if (read.add(name)) {
      parameters += info.elements();
      tensor.stored().forEach(this::add);
    }
  }

  /** Requires a linear's weight and bias, and lists it. */
  public void linear(LinearDesign linear, ModuleKind kind, int layer, int expert) {
    tensor(linear.weight(), linear.out(), linear.in());
    if (linear.bias()) {
      tensor(linear.biasTensor(), linear.out());
    }
    list(linear, kind, layer, expert);
  }

  /** Lists a linear whose weight is another tensor. */
  public void list(LinearDesign linear, ModuleKind kind, int layer, int expert) {
    linears.add(
        new ModuleDescription(linear.name(), linear.out(), linear.in(), kind, layer, expert));
  }

  public boolean has(String name) {
    return tensors.has(name);
  }

  public List<ModuleDescription> linears() {
    return linears;
  }

  public long parameters() {
    return parameters;
  }

  /** Stored size of everything that is read. */
  public long bytes() {
    return bytes;
  }

  /** Names of the tensors that are read, as the family publishes them. */
  public Set<String> read() {
    return read;
  }

  /** Names in the checkpoint of the tensors that are read. */
  public Set<String> stored() {
    return stored;
  }

  /** The checkpoint's other tensors. */
  public Set<String> unread() {
    return checkpoint.names().stream()
        .filter(name -> !stored.contains(name))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private void add(TensorInfo info) {
    if (stored.add(info.name())) {
      bytes += info.bytes();
    }
  }
}
