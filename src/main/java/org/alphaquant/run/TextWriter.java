package org.alphaquant.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.sample.Balance;
import org.alphaquant.sample.SampleRequest;
import org.alphaquant.sample.Sampler;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;

/**
 * Generates text with the source model, a batch of sequences at a time. Each finished batch is
 * kept, so that a later attempt resumes after it.
 *
 * @param shares of the experts of each layer in balanced text; even where there are none
 * @param phase for progress reports
 */
record TextWriter(
    JobContext context,
    Torch torch,
    PreparedJob prepared,
    Map<Integer, double[]> shares,
    RunProgress progress,
    Phase phase) {

  // A balanced sequence depends on the others of its batch, so the batch size must not depend on
  // the memory.
  private static final int BALANCED_AT_ONCE = 16;

  /**
   * Generates the missing sequences.
   *
   * @param balanced whether experts are used evenly, or as traffic uses them
   * @param texts token ids of prompts
   * @return all sequences of the request
   */
  long[][] write(SampleRequest request, boolean balanced, long[][] texts, SampledText kept) {
    List<long[]> sequences = new ArrayList<>(kept.adopted());
    if (sequences.size() < request.sequences()) {
      try (TensorScope scope = torch.scope("sample");
          Sampler sampler =
              new Sampler(
                  scope, ModelFamilies.open(prepared.source(), prepared.description(), scope))) {
        requireCache(sampler, request, balanced);
        write(sampler, request, balanced, texts, kept, sequences);
      }
    }
    return sequences.toArray(long[][]::new);
  }

  private void write(
      Sampler sampler,
      SampleRequest request,
      boolean balanced,
      long[][] texts,
      SampledText kept,
      List<long[]> sequences) {
    int atOnce =
        balanced ? BALANCED_AT_ONCE : sampler.atOnce(request.length(), torch.freeDeviceMemory());
    Sampler.Observer told =
        (done, of) ->
            progress.progress(
                phase, (int) (done / request.length()), (int) (of / request.length()));
    while (sequences.size() < request.sequences()) {
      int first = sequences.size();
      int count = Math.min(atOnce, request.sequences() - first);
      long[][] batch =
          balanced
              ? sampler.writeBalanced(request, Balance.USUAL, shares, texts, first, count, told)
              : sampler.write(request, texts, first, count, told);
      kept.keep(first, batch);
      sequences.addAll(List.of(batch));
      context.betweenLayers();
    }
  }

  private static void requireCache(Sampler sampler, SampleRequest request, boolean balanced) {
    if (balanced && !sampler.isCached(request.length())) {
      throw new RunFailure(
          JobError.Kind.USER,
          "not-balanced",
          "text with even experts is written by a beam search, which needs attention with a cache of keys and values for %d tokens; this model has other layers. Leave balanced out"
              .formatted(request.length()));
    }
  }
}
