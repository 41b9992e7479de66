package org.alphaquant.run;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.KeptCalibration;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.Rank;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * Quantizes all layers of a model and keeps each when finished, starting where an earlier attempt
 * stopped.
 *
 * @param devices that solve together
 * @param memory plan of each device
 * @param from kept Hessians of all layers; null to calibrate on tokens
 * @param betweenLayers called after every layer, where a later attempt can resume
 */
record LayerwiseSolving(
    List<Torch> devices,
    MemoryPlan memory,
    PeakMemory peak,
    StageSeconds seconds,
    KeptCalibration from,
    Runnable betweenLayers) {

  /** The same from another calibration. */
  LayerwiseSolving from(KeptCalibration other) {
    return new LayerwiseSolving(devices, memory, peak, seconds, other, betweenLayers);
  }

  /** The first device, which does everything that is not shared. */
  Torch torch() {
    return devices.get(0);
  }

  /**
   * Solves the layers from {@code first} on.
   *
   * @param quantizers with the settings of the inputs' configuration, for each device
   * @param resumption keeps the layers, and has the residual stream that enters the first of them
   * @param kept called once a layer is written, beside the next one
   */
  void run(
      RunInputs inputs,
      Function<Rank, ModelQuantizer> quantizers,
      int first,
      Resumption resumption,
      ResultWriting writing,
      RunObserver observer,
      BiConsumer<Integer, LayerResult> kept) {
    DeviceThreads.run(
        devices,
        (device, rank) -> {
          ModelQuantizer quantizer = quantizers.apply(rank);
          ModelQuantizer.LayerDone done =
              (layer, result, streams) -> {
                Runnable then = () -> kept.accept(layer, result);
                seconds.of("keep", () -> resumption.put(layer, result, streams, writing, then));
                peak.look();
                betweenLayers.run();
              };
          try (TensorScope whole = device.scope("model");
              TensorScope scope = whole.computing(new SolverSettings(inputs).precision())) {
            Model model = inputs.job().model().open(scope);
            model.readsPart(rank.index(), rank.size());
            if (from != null) {
              quantizer.solve(scope, model, first, from, observer, done);
            } else if (first == 0) {
              quantizer.quantize(scope, model, observer, done);
            } else {
              ResidualStream stream = stream(scope, model, inputs, rank, resumption);
              quantizer.resume(scope, model, first, stream, observer, done);
            }
          }
        });
    torch().releaseCachedMemory();
  }

  // The residual stream that enters the first layer, for this device's samples.
  private static ResidualStream stream(
      TensorScope scope, Model model, RunInputs inputs, Rank rank, Resumption resumption) {
    int samples = inputs.samples().samples();
    return resumption.stream(scope, model, rank.begin(samples), rank.end(samples));
  }
}
