package org.alphaquant.quantize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.cuda.HostMemory;
import org.alphaquant.moe.Utilization;
import org.alphaquant.torch.TensorScope;

/**
 * What quantizing one layer gives: its new tensors, a report of every linear, its routing. On a GPU
 * the tensors lie in memory that is given back when this is closed.
 */
public final class LayerResult implements AutoCloseable {

  private final boolean kept;
  private final List<HostMemory> memory = new ArrayList<>();

  private final List<TensorSource> tensors = new ArrayList<>();
  private final List<LinearReport> reports = new ArrayList<>();
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private final Map<Integer, Double> layerShares = new HashMap<>();
  private Utilization utilization;

  public LayerResult() {
    this(true);
  }

  private LayerResult(boolean kept) {
    this.kept = kept;
  }

  /** One for what another device gives as well: it takes nothing. */
  static LayerResult ignored() {
    return new LayerResult(false);
  }

  boolean isKept() {
    return kept;
  }

  /** Where tensors lie; empty where they need no memory of the device's. */
  Optional<HostMemory> memory(TensorScope scope) {
    if (memory.isEmpty()) {
      scope.cuda().map(CudaDevice::hostMemory).ifPresent(memory::add);
    }
    return memory.stream().findFirst();
  }

  /** Takes over what another device found out about other experts of the layer. */
  void join(LayerResult other) {
    tensors.addAll(other.tensors);
    reports.addAll(other.reports);
    layerShares.putAll(other.layerShares);
    memory.addAll(other.memory);
  }

  @Override
  public void close() {
    memory.forEach(HostMemory::close);
    memory.clear();
  }

  public void add(List<TensorSource> more) {
    tensors.addAll(more);
  }

  public void add(LinearReport report) {
    reports.add(report);
  }

  public void routing(Utilization counted) {
    utilization = counted;
  }

  /** Adds the time since {@code startNanos} to a stage, once the device has done its work. */
  public void took(String stage, long startNanos, TensorScope scope) {
    scope.awaitDevice();
    seconds.merge(stage, (System.nanoTime() - startNanos) / 1e9, Double::sum);
  }

  /** Seconds of all stages so far. */
  double total() {
    return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Adds to a stage what has passed since {@code startNanos} and no stage has counted. */
  void rest(String stage, long startNanos, double countedBefore, TensorScope scope) {
    scope.awaitDevice();
    double passed = (System.nanoTime() - startNanos) / 1e9;
    seconds.merge(stage, passed - (total() - countedBefore), Double::sum);
  }

  public List<TensorSource> tensors() {
    return tensors;
  }

  public List<LinearReport> reports() {
    return reports;
  }

  public Map<String, Double> seconds() {
    return seconds;
  }

  /** The Hessian of an expert's gate and up is the layer's mean to this part. */
  void leans(int expert, double share) {
    layerShares.put(expert, share);
  }

  /** Null in a dense layer. */
  public Utilization utilization() {
    if (utilization == null || layerShares.size() < utilization.experts().size()) {
      return utilization;
    }
    return utilization.leaning(
        IntStream.range(0, layerShares.size()).mapToDouble(layerShares::get).toArray());
  }
}
