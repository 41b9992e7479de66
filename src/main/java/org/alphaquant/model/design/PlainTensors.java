package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * The tensors of a checkpoint as plain matrices, read when they are written: fp8 blocks and MXFP4
 * multiplied out to BF16, fused experts one by one, everything else as it is stored.
 */
public final class PlainTensors {

  private static final String SCALE = "_scale_inv";

  private final Checkpoint checkpoint;
  private final Map<String, ExpertsDesign> fused = new HashMap<>();
  private final Map<String, InterleavedExperts> interleaved = new HashMap<>();

  private PlainTensors(Checkpoint checkpoint, Blueprint blueprint) {
    this.checkpoint = checkpoint;
    for (LayerDesign layer : blueprint.layers()) {
      if (layer.feedForward() instanceof MoeDesign moe) {
        add(moe.experts());
      }
    }
  }

  private void add(ExpertsDesign experts) {
    if (experts.layout() == FusedLayout.INTERLEAVED) {
      InterleavedExperts own = new InterleavedExperts(experts);
      own.names().forEach(name -> interleaved.put(name, own));
    } else {
      fused.put(experts.fusedGateUp(), experts);
      fused.put(experts.fusedDown(), experts);
    }
  }

  /** All tensors of the checkpoint, in the order of its files. */
  public static List<TensorSource> of(Checkpoint checkpoint, Blueprint blueprint) {
    PlainTensors plain = new PlainTensors(checkpoint, blueprint);
    return checkpoint.names().stream().flatMap(name -> plain.tensors(name).stream()).toList();
  }

  private List<TensorSource> tensors(String name) {
    if (interleaved.containsKey(name)) {
      return interleaved.get(name).plain(checkpoint, name);
    }
    if (fused.containsKey(name)) {
      return split(name, fused.get(name));
    }
    if (name.endsWith(SCALE) && scales(name.substring(0, name.length() - SCALE.length()))) {
      return List.of();
    }
    Optional<TensorInfo> scale = StoredFloats.scale(checkpoint, name);
    return scale.isPresent() && StoredFloats.isFp8(checkpoint.info(name))
        ? List.of(new Fp8Source(checkpoint, checkpoint.info(name), scale.get()))
        : List.of(checkpoint.source(name));
  }

  private boolean scales(String name) {
    return checkpoint.has(name) && StoredFloats.isFp8(checkpoint.info(name));
  }

  private List<TensorSource> split(String name, ExpertsDesign design) {
    List<TensorSource> parts = new ArrayList<>();
    long offset = 0;
    for (int e = 0; e < design.count(); e++) {
      SwiGluDesign expert = design.expert(e);
      List<LinearDesign> linears =
          name.equals(design.fusedDown())
              ? List.of(expert.down())
              : List.of(expert.gate(), expert.up());
      for (LinearDesign linear : linears) {
        TensorSource part = part(name, offset, linear);
        parts.add(part);
        offset += part.info().bytes();
      }
    }
    return parts;
  }

  private TensorSource part(String name, long offset, LinearDesign linear) {
    TensorInfo info =
        new TensorInfo(
            linear.weight(), checkpoint.info(name).dtype(), List.of(linear.out(), linear.in()));
    return TensorSource.lazy(
        info, () -> ByteRange.of(checkpoint.bytes(name), offset, info.bytes()));
  }
}
