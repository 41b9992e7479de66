package org.alphaquant.fetch;

import java.util.List;
import java.util.Optional;
import org.alphaquant.cache.FetchException;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPreflight;
import org.alphaquant.problem.Problem;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.StoredResults;

/** Checks at creation that a job's result can be written to its output location. */
final class OutputCheck implements JobPreflight {

  private final StoredResults results;

  OutputCheck(StoredResults results) {
    this.results = results;
  }

  @Override
  public List<Problem> check(JobSpec spec) {
    String asked = spec.output().location();
    try {
      Optional<StoreAddress> location =
          asked == null ? Optional.empty() : results.location(null, asked);
      location.ifPresent(it -> results.requireFree(it, null));
      return List.of();
    } catch (FetchException e) {
      // A store that does not answer now may answer when the job has run.
      return e.isPassing()
          ? List.of()
          : List.of(Problem.error("unusable-output", "/output/location", asked, e.getMessage()));
    }
  }
}
