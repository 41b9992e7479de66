package org.alphaquant.quantize;

import org.alphaquant.estimate.MemoryBudget;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;

/** Takes the calibration tokens through the model and quantizes each layer on its way. */
public final class ModelQuantizer {

  private final QuantizationPlan plan;
  private final LayerQuantizer quantizer;
  private final int tokensPerBatch;

  public ModelQuantizer(QuantizationPlan plan, MemoryBudget memory, int tokensPerBatch) {
    BatchQuantizer batches =
        new BatchQuantizer(
            new GptqSolver(plan.gptq()), plan.schemes(), plan.format(), plan.dtype());
    ExpertQuantizer experts =
        new ExpertQuantizer(batches, plan.weighting(), plan.shrinkage(), memory);
    this.plan = plan;
    this.quantizer = new LayerQuantizer(new StageQuantizer(batches), experts, plan.weighting());
    this.tokensPerBatch = tokensPerBatch;
  }

  /** What happens when a layer is done, before the next one starts. */
  public interface LayerDone {
    void accept(int layer, LayerResult result, ResidualStream stream);
  }

  /** The calibration tokens before the first layer. */
  public ResidualStream embed(TensorScope scope, Model model) {
    return ResidualStream.embed(scope, model, plan.samples(), tokensPerBatch);
  }

  /**
   * Quantizes the layers from {@code first} on.
   *
   * @param stream what enters layer {@code first}; closed here
   */
  public void quantize(
      TensorScope parent,
      Model model,
      int first,
      ResidualStream stream,
      RunObserver observer,
      LayerDone done) {
    int layers = model.description().layers();
    try (TensorScope scope = parent.child("quantize");
        ResidualStream advancing = stream) {
      for (int i = first; i < layers; i++) {
        observer.progress(Phase.QUANTIZE, i, layers);
        LayerResult result = one(scope, model, i, advancing);
        if (result.utilization() != null) {
          observer.routed(result.utilization());
        }
        done.accept(i, result, advancing);
      }
      observer.progress(Phase.QUANTIZE, layers, layers);
    }
  }

  private LayerResult one(TensorScope parent, Model model, int index, ResidualStream stream) {
    try (TensorScope scope = parent.child("layer " + index)) {
      long start = System.nanoTime();
      DecoderLayer layer = model.layer(scope, index);
      double loading = (System.nanoTime() - start) / 1e9;
      LayerResult result = quantizer.quantize(scope, index, layer, stream);
      result.seconds().merge("load", loading, Double::sum);
      return result;
    }
  }
}
