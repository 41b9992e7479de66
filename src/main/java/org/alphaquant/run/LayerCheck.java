package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.quantize.Checksums;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Plane;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * Reads finished layers back from the disk, decodes their weights and compares them with the
 * solver's. On a GPU this runs beside the next layer; the final check then only compares bytes.
 */
final class LayerCheck implements AutoCloseable {

  // 64 MB as float32, a few times of which decoding takes beside the next layer.
  private static final long MOST_WEIGHTS = 1 << 24;

  private final List<Torch> devices;
  private final PreparedJob job;
  private final LayerFiles layers;
  private final Map<Integer, List<ModuleScheme>> modules;
  private final Set<ModuleScheme> checked = ConcurrentHashMap.newKeySet();
  private final List<SafetensorsFile> files = new ArrayList<>();

  /**
   * @param devices that solve, which share out what is decoded
   */
  LayerCheck(List<Torch> devices, PreparedJob job, LayerFiles layers) {
    this.devices = List.copyOf(devices);
    this.job = job;
    this.layers = layers;
    this.modules =
        job.plan().content().quantized().stream()
            .collect(Collectors.groupingBy(module -> CheckpointAssembly.layer(job, module)));
  }

  /**
   * Decodes a layer that was just written.
   *
   * @throws RunFailure if a weight differs from the solver's
   */
  void check(int layer, List<LinearReport> reports) {
    Map<String, LinearReport> solved =
        reports.stream().collect(Collectors.toMap(LinearReport::module, Function.identity()));
    List<ModuleScheme> all =
        modules.getOrDefault(layer, List.of()).stream()
            .filter(it -> solved.containsKey(it.name()))
            .toList();
    List<Decoded> decoded = new ArrayList<>();
    try (SafetensorsFile file = layers.file(layer)) {
      devices.forEach(device -> decoded.add(new Decoded(device, file, layer)));
      // By turns: devices that solve together wait for the one that is kept busy.
      List<List<ModuleScheme>> together = together(all);
      for (int i = 0; i < together.size(); i++) {
        decoded.get(i % decoded.size()).decode(together.get(i));
      }
      decoded.forEach(part -> part.requireSolved(solved));
    } finally {
      decoded.forEach(Decoded::close);
    }
    checked.addAll(all);
  }

  /** Checksums of some modules as a device decodes them, which nobody has waited for yet. */
  private final class Decoded implements AutoCloseable {

    private final TensorScope scope;
    private final SafetensorsFile file;
    private final List<ModuleScheme> own = new ArrayList<>();
    private final NDList checksums = new NDList();

    Decoded(Torch device, SafetensorsFile file, int layer) {
      this.scope = device.scope("verify").withoutProducts("layer " + layer);
      this.file = file;
    }

    void decode(List<ModuleScheme> together) {
      checksums.add(LayerCheck.this.checksums(scope, file, together));
      own.addAll(together);
    }

    // One wait for the device, which has the next layer's work before it.
    void requireSolved(Map<String, LinearReport> solved) {
      if (own.isEmpty()) {
        return;
      }
      long[] found = scope.toLongs(scope.run("tensor.concatenate", checksums));
      for (int i = 0; i < found.length; i++) {
        LayerCheck.requireSolved(found[i], own.get(i), solved.get(own.get(i).name()));
      }
    }

    @Override
    public void close() {
      scope.close();
    }
  }

  /** What modules must have in common to be decoded as one. */
  private record Alike(TensorScheme scheme, long rows, long columns) {

    static Alike of(ModuleScheme module) {
      return new Alike(
          module.scheme(), module.module().outFeatures(), module.module().inFeatures());
    }

    int most() {
      return (int) Math.max(1, MOST_WEIGHTS / (rows * columns));
    }
  }

  // Decoding one by one takes the card and the driver a dozen small calls for each.
  private List<List<ModuleScheme>> together(List<ModuleScheme> modules) {
    Map<Alike, List<ModuleScheme>> alike =
        modules.stream()
            .collect(Collectors.groupingBy(Alike::of, LinkedHashMap::new, Collectors.toList()));
    List<List<ModuleScheme>> together = new ArrayList<>();
    alike.forEach(
        (of, all) -> {
          int most = job.plan().format().codec(of.scheme).stacks(of.scheme) ? of.most() : 1;
          for (int from = 0; from < all.size(); from += most) {
            together.add(all.subList(from, Math.min(all.size(), from + most)));
          }
        });
    return together;
  }

  private NDArray checksums(TensorScope parent, SafetensorsFile file, List<ModuleScheme> modules) {
    try (TensorScope scope = parent.child(modules.get(0).name())) {
      NDArray weights =
          StoredWeights.stacked(
              job.plan(),
              scope,
              modules,
              (module, suffix) -> file.bytes(module.name() + "." + suffix));
      return scope.keep(parent, checksums(scope, weights, modules.size()));
    }
  }

  /** The checksums of decoded weights, one below another in [B N, K]: int64 [B]. */
  static NDArray checksums(TensorScope scope, NDArray weights, long count) {
    long rows = weights.getShape().get(0) / count;
    long[] shape = {count, rows, weights.getShape().get(1)};
    return Checksums.of(scope, scope.run("tensor.reshape", weights, shape), 0, rows);
  }

  /**
   * Compares a checksum with that of the solver's weight.
   *
   * @throws RunFailure if they differ
   */
  static void requireSolved(long checksum, ModuleScheme module, LinearReport report) {
    if (checksum != report.checksum()) {
      throw new RunFailure(
          JobError.Kind.INTERNAL,
          "checkpoint-mismatch",
          "%s (%s) reads back from the written result as other numbers than were solved"
              .formatted(module.name(), module.scheme().label()));
    }
  }

  /** The planes of every module that was decoded, by module, as its layer's file holds them. */
  Map<String, List<TensorSource>> planes() {
    Map<Integer, SafetensorsFile> open =
        checked.stream()
            .map(module -> CheckpointAssembly.layer(job, module))
            .distinct()
            .toList()
            .parallelStream()
            .collect(Collectors.toConcurrentMap(Function.identity(), layers::file));
    Map<String, List<TensorSource>> planes = new HashMap<>();
    for (ModuleScheme module : checked) {
      SafetensorsFile file = open.get(CheckpointAssembly.layer(job, module));
      List<TensorSource> own = new ArrayList<>();
      for (Plane plane : job.plan().format().planes(module, job.plan().dtype())) {
        own.add(file.source(module.name() + "." + plane.suffix()));
      }
      planes.put(module.name(), own);
    }
    files.addAll(open.values());
    return planes;
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
