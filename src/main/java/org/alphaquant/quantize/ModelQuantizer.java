package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Solution;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.Linear;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;

/**
 * Takes the calibration tokens through the model and quantizes what the plan names on their way:
 * the embedding, each layer, the head.
 */
public final class ModelQuantizer {

  private final QuantizationPlan plan;
  private final BatchQuantizer batches;
  private final StageQuantizer stages;
  private final LayerQuantizer layers;
  private final int tokensPerBatch;

  public ModelQuantizer(QuantizationPlan plan, MemoryPlan memory) {
    this.plan = plan;
    this.batches =
        new BatchQuantizer(
            new GptqSolver(plan.gptq()),
            plan.nearest(),
            plan.schemes(),
            plan.format(),
            plan.dtype(),
            memory,
            plan.keepsSolutions());
    this.stages = new StageQuantizer(batches);
    int expertsAtOnce = Math.max(1, memory.expertsAtOnce());
    ExpertQuantizer experts =
        new ExpertQuantizer(batches, plan.weighting(), plan.shrinkage(), expertsAtOnce);
    this.layers =
        new LayerQuantizer(stages, experts, plan.weighting(), plan.coverage(), plan.cached());
    this.tokensPerBatch = memory.tokensPerBatch();
  }

  /** What happens when a layer is done, before the next one starts. */
  public interface LayerDone {
    /**
     * @param result of the layer; the first one's also holds the embedding, the last one's the head
     * @param stream what leaves the layer
     */
    void accept(int layer, LayerResult result, ResidualStream stream);
  }

  /** Quantizes the whole model. */
  public void quantize(TensorScope parent, Model model, RunObserver observer, LayerDone done) {
    LayerResult embedding = embedding(parent, model);
    long start = System.nanoTime();
    ResidualStream stream = ResidualStream.embed(parent, model, plan.samples(), tokensPerBatch);
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
        observer.progress(Phase.QUANTIZE, i, count);
        layer(scope, model, i, advancing, result);
        if (i == count - 1) {
          head(scope, model, advancing, result);
        }
        if (result.utilization() != null) {
          observer.routed(result.utilization());
        }
        done.accept(i, result, advancing);
        result = new LayerResult();
      }
      observer.progress(Phase.QUANTIZE, count, count);
    }
  }

  // The model embeds with the rounded table from then on.
  private LayerResult embedding(TensorScope parent, Model model) {
    LayerResult result = new LayerResult();
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
      layers.quantize(scope, index, layer, stream, result);
      stream.requireFinite("layer " + index);
    }
    result.rest("route", start, before, parent);
  }

  private void head(TensorScope parent, Model model, ResidualStream stream, LayerResult result) {
    if (batches.quantizes(model.headName())) {
      try (TensorScope scope = parent.child("head")) {
        List<Linear> head = List.of(model.head());
        stages.quantize(
            scope, head, layers.input(scope, head, stream, model::headInput, result), result);
      }
    }
  }
}
