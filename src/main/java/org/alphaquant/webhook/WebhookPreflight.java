package org.alphaquant.webhook;

import java.net.URI;
import java.util.List;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPreflight;
import org.alphaquant.problem.Problem;

/** Refuses a job whose webhook address is not allowed, before it is queued. */
final class WebhookPreflight implements JobPreflight {
  private final Targets targets;
  private final List<String> hosts;

  WebhookPreflight(Targets targets, List<String> hosts) {
    this.targets = targets;
    this.hosts = List.copyOf(hosts);
  }

  @Override
  public List<Problem> check(JobSpec spec) {
    if (spec.webhook() == null) {
      return List.of();
    }
    String url = spec.webhook().url();
    return targets
        .refusal(URI.create(url))
        .map(
            refusal ->
                List.of(Problem.error("refused-url", "/webhook/url", url, refusal).allowing(hosts)))
        .orElse(List.of());
  }
}
