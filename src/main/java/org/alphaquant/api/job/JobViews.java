package org.alphaquant.api.job;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.queue.Waiting;
import org.alphaquant.job.queue.WaitingJobs;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.QuotaSettings;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Shows jobs together with what the queue knows about those that wait. */
@Component
class JobViews {

  private final WaitingJobs waitingJobs;
  private final QuotaSettings quotas;

  JobViews(WaitingJobs waitingJobs, QuotaSettings quotas) {
    this.waitingJobs = waitingJobs;
    this.quotas = quotas;
  }

  List<JobView> of(List<Job> jobs) {
    Map<UUID, Waiting> waiting = waitingJobs.of(jobs, quotas);
    return jobs.stream()
        .map(job -> JobView.of(job, waiting.get(job.id()), ShownSpec.LEFT_OUT))
        .toList();
  }

  // Spring answers 304 by itself where If-None-Match holds this ETag.
  ResponseEntity<JobView> answer(ResponseEntity.BodyBuilder answer, Job job, ShownSpec shown) {
    Waiting waiting = waitingJobs.of(List.of(job), quotas).get(job.id());
    return answer.eTag(JobView.etag(job, waiting, shown)).body(JobView.of(job, waiting, shown));
  }
}
