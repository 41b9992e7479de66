package org.alphaquant.run;

import java.util.function.BiConsumer;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.model.DecoderLayer;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.run.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;

/** Takes the calibration tokens through the model and quantizes each layer on its way. */
final class ModelQuantizer {

  private final QuantizationPlan plan;
  private final LayerQuantizer quantizer;
  private final int tokensPerBatch;

  ModelQuantizer(QuantizationPlan plan, MemoryBudget memory, int tokensPerBatch) {
    BatchQuantizer batches = new BatchQuantizer(new GptqSolver(plan.gptq()), plan.schemes());
    ExpertQuantizer experts =
        new ExpertQuantizer(batches, plan.weighting(), plan.shrinkage(), memory);
    this.plan = plan;
    this.quantizer = new LayerQuantizer(new StageQuantizer(batches), experts, plan.weighting());
    this.tokensPerBatch = tokensPerBatch;
  }

  /** Quantizes every layer; {@code finished} gets each one's result as soon as it is there. */
  void quantize(
      TensorScope parent,
      Model model,
      RunObserver observer,
      BiConsumer<Integer, LayerResult> finished) {
    int layers = model.description().layers();
    try (TensorScope scope = parent.child("quantize");
        ResidualStream stream =
            ResidualStream.embed(scope, model, plan.samples(), tokensPerBatch)) {
      for (int i = 0; i < layers; i++) {
        observer.progress(Phase.QUANTIZE, i, layers);
        LayerResult result = one(scope, model, i, stream);
        if (result.utilization() != null) {
          observer.routed(result.utilization());
        }
        finished.accept(i, result);
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
