package org.alphaquant.run;

import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.model.Model;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * Solves all layers of a model and keeps each as it is finished, from where an earlier attempt
 * stopped.
 *
 * @param betweenLayers called after every layer, where a later attempt can go on
 */
record LayerwiseSolving(
    Torch torch, MemoryPlan memory, PeakMemory peak, StageSeconds seconds, Runnable betweenLayers) {

  /**
   * Solves the layers from {@code first} on.
   *
   * @param plan the settings, of the inputs' configuration
   * @param resumption keeps the layers, and has the stream that enters the first of them
   */
  void run(
      RunInputs inputs,
      QuantizationPlan plan,
      int first,
      Resumption resumption,
      ResultWriting writing,
      RunObserver observer) {
    try (TensorScope whole = torch.scope("model");
        TensorScope scope = whole.computing(new SolverSettings(inputs).precision())) {
      Model model = inputs.job().model().open(scope);
      ModelQuantizer quantizer = new ModelQuantizer(plan, memory);
      ModelQuantizer.LayerDone done =
          (layer, result, stream) -> {
            seconds.of("keep", () -> resumption.put(layer, result, stream, writing));
            peak.look();
            betweenLayers.run();
          };
      if (first == 0) {
        quantizer.quantize(scope, model, observer, done);
      } else {
        quantizer.resume(scope, model, first, resumption.stream(scope, model), observer, done);
      }
    }
    torch.releaseCachedMemory();
  }
}
