package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alphaquant.allocate.Adaptation;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.moe.UsageCount;
import org.alphaquant.prepare.AdaptivePlan;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Counts the calibration tokens that the original model routes to each expert, and applies the
 * rules for experts. The outcome is kept, so that a later attempt uses the same.
 */
record AdaptPhase(
    JobContext context,
    RunInputs inputs,
    Resumption resumption,
    RunProgress progress,
    LayerwiseSolving solving) {

  private static final JsonMapper JSON = JsonMapper.shared();

  /** How often an expert was chosen. */
  private interface Tokens {
    long of(int layer, int expert);
  }

  /** The experts and the configuration. */
  Adaptation run() {
    Path file = resumption.file("adaptation.json");
    if (Files.exists(file)) {
      return JSON.readValue(file.toFile(), Adaptation.class);
    }
    Adaptation adaptation = inputs.traffic() == null ? ofText() : ofTraffic();
    byte[] json = JSON.writeValueAsBytes(adaptation);
    AtomicFile.write(file, it -> it.write(ByteBuffer.wrap(json)));
    return adaptation;
  }

  private Adaptation ofText() {
    Map<Integer, double[]> shares = new LinkedHashMap<>();
    Map<Integer, UsageCount> counts = counted();
    counts.forEach(
        (layer, count) ->
            shares.put(
                layer, IntStream.range(0, count.experts()).mapToDouble(count::share).toArray()));
    return adaptation(shares, (layer, expert) -> counts.get(layer).tokens(expert));
  }

  // Traffic says itself how much it uses each.
  private Adaptation ofTraffic() {
    Map<Integer, double[]> shares = new LinkedHashMap<>();
    inputs
        .traffic()
        .layers()
        .keySet()
        .forEach(layer -> shares.put(layer, inputs.traffic().shares(layer)));
    return adaptation(
        shares, (layer, expert) -> Math.round(inputs.traffic().layers().get(layer)[expert]));
  }

  private Map<Integer, UsageCount> counted() {
    Map<Integer, UsageCount> counts = new LinkedHashMap<>();
    int layers = inputs.job().description().layers();
    try (TensorScope scope = solving.torch().scope("usage")) {
      Model model = inputs.job().model().open(scope);
      int tokensPerBatch = solving.memory().tokensPerBatch();
      try (ResidualStream stream =
          ResidualStream.embed(scope, model, inputs.samples().tokens(), tokensPerBatch)) {
        for (int i = 0; i < layers; i++) {
          progress.progress(Phase.ALLOCATE, i, layers);
          context.ensureNotDraining();
          try (TensorScope loading = scope.child("layer " + i)) {
            DecoderLayer layer = model.layer(loading, i);
            if (layer.feedForward() instanceof MoeFeedForward moe) {
              counts.put(i, new UsageCount(moe.experts()));
              stream.advance(layer, counts.get(i));
            } else {
              stream.advance(layer);
            }
          }
        }
      }
    }
    solving.torch().releaseCachedMemory();
    return counts;
  }

  private Adaptation adaptation(Map<Integer, double[]> shares, Tokens tokens) {
    AdaptivePlan plan = new AdaptivePlan(inputs.job());
    List<Adaptation.Expert> experts = new ArrayList<>();
    Map<AdaptivePlan.Expert, Integer> chosen = new LinkedHashMap<>();
    shares.forEach(
        (layer, share) -> {
          for (int e = 0; e < share.length; e++) {
            int rule = plan.rule(share[e]);
            if (rule >= 0) {
              chosen.put(new AdaptivePlan.Expert(layer, e), rule);
              String wq = context.spec().adaptive().get(rule).wq();
              experts.add(new Adaptation.Expert(layer, e, tokens.of(layer, e), share[e], rule, wq));
            }
          }
        });
    return new Adaptation(experts, plan.config(chosen));
  }
}
