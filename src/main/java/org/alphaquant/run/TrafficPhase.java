package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.moe.ExpertUsage;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.KeptCalibration;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.traffic.TrafficFit;
import org.alphaquant.traffic.TrafficWeights;
import org.alphaquant.traffic.TrafficWeights.Weighed;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finds out what samples and experts count for a calibration that is fitted to traffic: of a text
 * by a pass through the original, of kept Hessians from the counts beside them. The outcome is
 * kept, so that a later attempt has the same.
 */
record TrafficPhase(
    JobContext context,
    RunInputs inputs,
    Resumption resumption,
    RunProgress progress,
    LayerwiseSolving solving) {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String FILE = "evidence.json";
  private static final String HELD_OUT = "evidence-held-out.json";

  /** The weights. */
  Weighed run() {
    Weighed weighed =
        kept(
            FILE,
            () ->
                solving.from() == null
                    ? of(inputs.samples().tokens(), Phase.WEIGH_TEXT)
                    : ofKept(solving.from()));
    TrafficFit fit = weighed.fit();
    context.event("traffic", fit);
    if (!fit.unseen().isEmpty()) {
      progress.warning(
          "the traffic uses %d experts that no calibration token reached; they are quantized on their layer's mean: %s"
              .formatted(fit.unseen().size(), String.join(", ", fit.unseen())));
    }
    return weighed;
  }

  /**
   * Weights of the tokens of the held-out text under which it is routed like the traffic, [n·S].
   */
  float[] heldOut() {
    long[][] tokens = inputs.heldOut();
    return kept(HELD_OUT, () -> of(tokens, Phase.ALLOCATE))
        .evidence()
        .tokens(0, tokens.length, tokens[0].length);
  }

  private Weighed kept(String name, Supplier<Weighed> made) {
    Path file = resumption.file(name);
    if (Files.exists(file)) {
      return JSON.readValue(file.toFile(), Weighed.class);
    }
    Weighed weighed = made.get();
    byte[] json = JSON.writeValueAsBytes(weighed);
    AtomicFile.write(file, it -> it.write(ByteBuffer.wrap(json)));
    return weighed;
  }

  private Weighed of(long[][] tokens, Phase phase) {
    int layers = inputs.job().description().layers();
    try (TensorScope scope = solving.torch().scope("traffic")) {
      return weights()
          .of(
              scope,
              inputs.job().model().open(scope),
              tokens,
              solving.memory().tokensPerBatch(),
              inputs.job().spec().traffic().origin(),
              layer -> {
                if (phase == Phase.WEIGH_TEXT) {
                  progress.progress(phase, layer, layers);
                }
                context.ensureNotDraining();
              });
    } finally {
      solving.torch().releaseCachedMemory();
    }
  }

  private Weighed ofKept(KeptCalibration kept) {
    Map<Integer, long[]> tokens = new TreeMap<>();
    for (int layer : inputs.traffic().layers().keySet()) {
      tokens.put(
          layer,
          kept.experts(layer).experts().stream()
              .mapToLong(ExpertUsage::calibrationTokens)
              .toArray());
    }
    return weights().ofCounts(tokens, inputs.job().spec().traffic().origin());
  }

  private TrafficWeights weights() {
    return new TrafficWeights(inputs.traffic(), inputs.job().spec().traffic().effective());
  }
}
