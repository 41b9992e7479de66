package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Solution;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.Linear;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;

/**
 * Propagates the calibration tokens through the model and quantizes the modules of the plan in
 * order: the embedding, each layer, the head.
 */
public final class ModelQuantizer {

  private final QuantizationPlan plan;
  private final BatchQuantizer batches;
  private final StageQuantizer quantizing;
  private final Stages stages;
  private final LayerQuantizer layers;
  private final MemoryPlan memory;
  private final Rank rank;
  private final boolean apart;

  /** Quantizes on the residual stream, or from what was kept of it. */
  public ModelQuantizer(QuantizationPlan plan, MemoryPlan memory) {
    this(plan, memory, DeviceGroup.alone());
  }

  /**
   * The same in a group of devices, which divide the samples and the experts.
   *
   * @param rank the place of the device in it
   */
  public ModelQuantizer(QuantizationPlan plan, MemoryPlan memory, Rank rank) {
    this(plan, memory, rank, new Purpose(null, null, null), false);
  }

  private ModelQuantizer(
      QuantizationPlan plan, MemoryPlan memory, Rank rank, Purpose purpose, boolean apart) {
    this.rank = rank;
    this.apart = apart;
    this.plan = plan;
    this.memory = memory;
    this.batches =
        new BatchQuantizer(
            new GptqSolver(plan.gptq()),
            plan.nearest(),
            purpose.keeps() ? Map.of() : plan.schemes(),
            plan.format(),
            plan.dtype(),
            memory,
            plan.keepsSolutions());
    this.quantizing = new StageQuantizer(batches, rank);
    this.stages = purpose.keeps() ? purpose.stages() : quantizing;
    Optional<HeldOut> held = purpose.keeps() ? Optional.empty() : HeldOut.of(plan, rank);
    EvidenceRows evidence = EvidenceRows.of(plan, rank);
    RoutingWeight weighting = evidence.weighting(plan.weighting());
    ExpertStage experts =
        purpose.keeps()
            ? purpose.experts(weighting, expertsAtOnce(memory))
            : new ExpertQuantizer(
                batches,
                weighting,
                plan.shrinkage(),
                expertsAtOnce(memory),
                held.map(HeldOut::ofAll),
                rank);
    this.layers =
        new LayerQuantizer(
            stages,
            experts,
            plan.weighting(),
            plan.coverage(),
            evidence,
            plan.cached(),
            held,
            rank);
  }

  /**
   * Quantizes every layer as if it were the only one: on the stream that the original model sends
   * into it.
   */
  public static ModelQuantizer layersApart(QuantizationPlan plan, MemoryPlan memory, Rank rank) {
    return new ModelQuantizer(plan, memory, rank, new Purpose(null, null, null), true);
  }

  /**
   * Quantizes nothing, but keeps what the modules of the plan read as tensors of each layer's
   * result.
   *
   * @param hessians dtype that Hessians are kept in
   * @param away takes tensors out of memory as they come; what it returns is kept in their place
   */
  public static ModelQuantizer keeping(
      QuantizationPlan plan,
      MemoryPlan memory,
      Dtype hessians,
      UnaryOperator<List<TensorSource>> away) {
    return new ModelQuantizer(
        plan,
        memory,
        DeviceGroup.alone(),
        new Purpose(plan.schemes().keySet(), hessians, away),
        false);
  }

  // Keeping what some modules read; null for quantizing them.
  private record Purpose(Set<String> modules, Dtype dtype, UnaryOperator<List<TensorSource>> away) {

    boolean keeps() {
      return modules != null;
    }

    Stages stages() {
      return new StageKeeper(modules, dtype, away);
    }

    ExpertStage experts(RoutingWeight weighting, int expertsAtOnce) {
      return new ExpertKeeper(modules, weighting, dtype, expertsAtOnce, away);
    }
  }

  private static int expertsAtOnce(MemoryPlan memory) {
    return Math.max(1, memory.expertsAtOnce());
  }

  /** Called when a layer is finished, before the next one starts. */
  public interface LayerDone {
    /**
     * @param result of the layer; the first one's also holds the embedding, the last one's the head
     * @param streams what leaves the layer, on each device its part of the samples
     */
    void accept(int layer, LayerResult result, List<ResidualStream> streams);
  }

  /**
   * Quantizes the whole model.
   *
   * @param observer told by the first device of a group alone, as {@code done} is
   */
  public void quantize(TensorScope parent, Model model, RunObserver observer, LayerDone done) {
    LayerResult embedding = embedding(parent, model);
    if (!rank.isFirst()) {
      embedding = new LayerResult();
    }
    long start = System.nanoTime();
    ResidualStream stream = ResidualStream.embed(parent, model, samples(), memory.tokensPerBatch());
    embedding.took("embed", start, parent);
    quantize(parent, model, 0, embedding, stream, observer, done);
  }

  /**
   * Quantizes the layers from {@code first} on, and the head.
   *
   * @param stream what enters layer {@code first}; closed here
   */
  public void resume(
      TensorScope parent,
      Model model,
      int first,
      ResidualStream stream,
      RunObserver observer,
      LayerDone done) {
    quantize(parent, model, first, new LayerResult(), stream, observer, done);
  }

  /**
   * Quantizes the layers from {@code first} on, and what is beside them, from what was kept of
   * their inputs: no token passes the model, and {@code done} is told of no stream.
   */
  public void solve(
      TensorScope parent,
      Model model,
      int first,
      KeptCalibration calibration,
      RunObserver observer,
      LayerDone done) {
    int count = model.description().layers();
    KeptExpertQuantizer experts =
        new KeptExpertQuantizer(batches, plan.shrinkage(), expertsAtOnce(memory));
    LayerSolver solver = new LayerSolver(quantizing, experts, plan.cached());
    LayerResult result = first == 0 ? embedding(parent, model) : new LayerResult();
    for (int i = first; i < count; i++) {
      observer.progress(Phase.QUANTIZE, i, count);
      try (TensorScope scope = parent.child("layer " + i)) {
        long start = System.nanoTime();
        DecoderLayer layer = model.layer(scope, i);
        result.took("load", start, scope);
        solver.solve(scope, i, layer, calibration, result);
        if (i == count - 1) {
          head(scope, model, calibration, solver, result);
        }
      }
      if (result.utilization() != null) {
        observer.routed(result.utilization());
      }
      done.accept(i, result, List.of());
      result = new LayerResult();
    }
    observer.progress(Phase.QUANTIZE, count, count);
  }

  private void head(
      TensorScope scope,
      Model model,
      KeptCalibration calibration,
      LayerSolver solver,
      LayerResult result) {
    if (batches.quantizes(model.headName())) {
      try (SafetensorsFile last = calibration.layer(model.description().layers() - 1)) {
        solver.stage(scope, List.of(model.head()), last, result);
      }
    }
  }

  // The samples of this device.
  private long[][] samples() {
    long[][] all = plan.samples();
    return Arrays.copyOfRange(all, rank.begin(all.length), rank.end(all.length));
  }

  private void quantize(
      TensorScope parent,
      Model model,
      int first,
      LayerResult before,
      ResidualStream stream,
      RunObserver observer,
      LayerDone done) {
    int count = model.description().layers();
    try (TensorScope scope = parent.child("quantize");
        ResidualStream advancing = stream) {
      LayerResult result = before;
      for (int i = first; i < count; i++) {
        progress(observer, i, count);
        layer(scope, model, i, advancing, result);
        if (i == count - 1) {
          head(scope, model, advancing, result);
        }
        finished(i, result, advancing, observer, done);
        result = new LayerResult();
      }
      progress(observer, count, count);
    }
  }

  private void progress(RunObserver observer, int done, int of) {
    if (rank.isFirst()) {
      observer.progress(Phase.QUANTIZE, done, of);
    }
  }

  private record Finished(LayerResult result, ResidualStream stream) {}

  // The first device puts together what all have found out.
  private void finished(
      int layer, LayerResult own, ResidualStream stream, RunObserver observer, LayerDone done) {
    List<Finished> all = rank.all(new Finished(own, stream));
    if (rank.isFirst()) {
      all.stream().skip(1).map(Finished::result).forEach(own::join);
      if (own.utilization() != null) {
        observer.routed(own.utilization());
      }
      done.accept(layer, own, all.stream().map(Finished::stream).toList());
    }
    rank.await();
  }

  // The model embeds with the rounded table from then on.
  private LayerResult embedding(TensorScope parent, Model model) {
    LayerResult result = rank.isFirst() ? new LayerResult() : LayerResult.ignored();
    String name = model.embeddingName();
    if (batches.quantizes(name)) {
      try (TensorScope scope = parent.child("embedding")) {
        NDArray table = scope.run("tensor.stack", new NDList(model.embedding(scope)));
        Part part = new Part(0, table.getShape().get(1), List.of(name));
        Solution solution =
            batches.round(scope, table, batches.scheme(name), part, result).solution();
        model.replaceEmbedding(scope.run("tensor.element", solution.weight(), 0));
      }
    }
    return result;
  }

  private void layer(
      TensorScope parent, Model model, int index, ResidualStream stream, LayerResult result) {
    long start = System.nanoTime();
    double before = result.total();
    try (TensorScope scope = parent.child("layer " + index)) {
      DecoderLayer layer = model.layer(scope, index);
      result.took("load", start, scope);
      if (apart) {
        try (ResidualStream own = stream.copied(scope)) {
          layers.quantize(scope, index, layer, own, result);
        }
      } else {
        layers.quantize(scope, index, layer, stream, result);
      }
    }
    if (apart) {
      try (TensorScope scope = parent.child("layer " + index)) {
        stream.advance(model.layer(scope, index));
      }
    }
    stream.requireFinite("layer " + index);
    result.rest("route", start, before, parent);
  }

  private void head(TensorScope parent, Model model, ResidualStream stream, LayerResult result) {
    if (plan.schemes().containsKey(model.headName())) {
      try (TensorScope scope = parent.child("head")) {
        List<Linear> head = List.of(model.head());
        LayerResult alike = rank.isFirst() ? result : LayerResult.ignored();
        stages.take(scope, head, layers.input(scope, head, stream, model::headInput, alike), alike);
      }
    }
  }
}
