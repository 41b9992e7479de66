package org.alphaquant.storage.sources;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.compressedtensors.CompressedTensorsSource;
import org.alphaquant.storage.gptq.GptqSource;
import org.alphaquant.storage.quark.QuarkSource;
import org.alphaquant.storage.source.PlainTensor;
import org.alphaquant.storage.source.SourceQuantization;
import org.alphaquant.storage.source.SourceReader;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.storage.source.scaled.ScaledRows;
import org.alphaquant.storage.source.scaled.ScaledTensor;
import org.alphaquant.torch.TensorScope;

/**
 * Finds the tensors of a model under their published names, independent of the names and storage
 * formats that the checkpoint uses.
 */
public final class SourceTensors {

  private static final List<SourceReader> READERS =
      List.of(new CompressedTensorsSource(), new GptqSource(), new QuarkSource());

  private final Checkpoint checkpoint;
  private final UnaryOperator<String> storedName;
  private final Map<String, SourceTensor> parts = new HashMap<>();

  /**
   * @param storedName from a published name to the one in the checkpoint
   * @param parts tensors that are parts of larger ones
   */
  public SourceTensors(
      Checkpoint checkpoint, UnaryOperator<String> storedName, Collection<SourceTensor> parts) {
    this.checkpoint = checkpoint;
    this.storedName = storedName;
    parts.forEach(part -> this.parts.put(part.info().name(), part));
  }

  public boolean has(String name) {
    String stored = storedName.apply(name);
    return parts.containsKey(name) || checkpoint.has(stored) || read(name, stored).isPresent();
  }

  /** The tensor of a published name that {@link #has} knows. */
  public SourceTensor find(String name) {
    SourceTensor part = parts.get(name);
    return part != null ? part : whole(name, storedName.apply(name));
  }

  /**
   * The same, checked as far as headers allow.
   *
   * @throws org.alphaquant.architecture.ModelException if it has an unsupported type, or its scale
   *     is missing or does not fit
   */
  public SourceTensor checked(String name) {
    SourceTensor tensor = find(name).checked();
    if (tensor instanceof PlainTensor plain) {
      TensorInfo stored = plain.stored().get(0);
      StoredFloats.torchDtype(stored);
      ScaledTensor.refuseHalves(checkpoint, stored);
    }
    return tensor;
  }

  /**
   * Every tensor of the checkpoint as a plain one holds it, in the order of the files.
   *
   * @param read the published names of those that the model reads
   */
  public List<TensorSource> plain(Collection<String> read) {
    Map<String, List<SourceTensor>> byValues = new HashMap<>();
    Set<String> used = new HashSet<>();
    for (String name : read) {
      SourceTensor tensor = find(name);
      String values = tensor.stored().get(0).name();
      byValues.computeIfAbsent(values, key -> new ArrayList<>()).add(tensor);
      tensor.stored().forEach(info -> used.add(info.name()));
    }
    List<TensorSource> plain = new ArrayList<>();
    for (String stored : checkpoint.names()) {
      if (byValues.containsKey(stored)) {
        byValues.get(stored).forEach(tensor -> plain.add(tensor.plain()));
      } else if (!used.contains(stored)) {
        carried(stored).ifPresent(tensor -> plain.add(tensor.plain()));
      }
    }
    return plain;
  }

  /** Whether tensors lie in files as they are, all of one type and shape. */
  public boolean areAlike(List<String> names) {
    TensorInfo first = find(names.get(0)).info();
    return names.stream()
        .map(this::find)
        .allMatch(
            it ->
                it.liesAsItIs()
                    && it.info().dtype() == first.dtype()
                    && it.info().shape().equals(first.shape()));
  }

  /**
   * Reads tensors that {@link #areAlike} as one array, one after another, in the type that they are
   * stored in.
   */
  public NDArray together(TensorScope scope, List<String> names, long[] shape) {
    List<ByteBuffer> bytes = names.stream().flatMap(name -> find(name).bytes().stream()).toList();
    return scope.tensor(StoredFloats.torchDtype(find(names.get(0)).info()), shape, bytes);
  }

  /** The stored bytes, mapped, that tensors of these published names are read from. */
  public List<ByteBuffer> bytes(Collection<String> names) {
    return names.stream()
        .filter(this::has)
        .flatMap(name -> find(name).stored().stream())
        .map(TensorInfo::name)
        .distinct()
        .flatMap(stored -> checkpoint.bytes(stored).stream())
        .toList();
  }

  /** Describes a tensor that the model does not read; empty for parts of other tensors. */
  private Optional<SourceTensor> carried(String stored) {
    if (READERS.stream().anyMatch(reader -> reader.belongs(checkpoint, stored))) {
      String weight = stored.substring(0, stored.lastIndexOf('.')) + ".weight";
      return read(weight, weight).filter(it -> it.stored().get(0).name().equals(stored));
    }
    boolean isPart =
        ScaledTensor.belongs(checkpoint, stored)
            || ScaledRows.belongs(checkpoint, stored)
            || SourceQuantization.isCacheScale(stored);
    return isPart ? Optional.empty() : Optional.of(whole(stored, stored));
  }

  private SourceTensor whole(String name, String stored) {
    return read(name, stored).orElseGet(() -> inNumbers(name, stored));
  }

  private Optional<SourceTensor> read(String name, String stored) {
    return READERS.stream()
        .flatMap(reader -> reader.find(checkpoint, name, stored).stream())
        .findFirst();
  }

  private SourceTensor inNumbers(String name, String stored) {
    PlainTensor plain = new PlainTensor(checkpoint, name, stored);
    return ScaledTensor.holds(checkpoint, stored) ? new ScaledTensor(plain) : plain;
  }
}
