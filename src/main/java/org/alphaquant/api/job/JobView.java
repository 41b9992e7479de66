package org.alphaquant.api.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.Recipe;
import org.alphaquant.job.queue.Waiting;
import org.alphaquant.job.row.Job;
import tools.jackson.databind.JsonNode;

/**
 * A job as clients see it. Unknown and inapplicable fields are left out.
 *
 * @param recipe only of a quantization
 * @param licence from the model's card when the job was posted
 * @param attempt number of times a worker has taken it
 * @param spec left out in lists; without the texts unless requested
 * @param result in lists and streams a summary
 * @param runAfter when a job that waits for another attempt may run
 * @param queuePosition place of a queued job, from 1
 * @param waitingReason why a queued job does not run yet
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record JobView(
    UUID id,
    String owner,
    JobState state,
    JobKind kind,
    Recipe recipe,
    String model,
    String licence,
    JsonNode spec,
    Map<String, String> labels,
    int priority,
    @JsonProperty("created_at") Instant createdAt,
    @JsonProperty("run_after") Instant runAfter,
    @JsonProperty("queue_position") Long queuePosition,
    @JsonProperty("waiting_reason") String waitingReason,
    @JsonProperty("started_at") Instant startedAt,
    @JsonProperty("finished_at") Instant finishedAt,
    @JsonProperty("expires_at") Instant expiresAt,
    long attempt,
    @JsonProperty("lost_leases") int lostLeases,
    @JsonProperty("cancel_requested_at") Instant cancelRequestedAt,
    @JsonProperty("cancel_reason") String cancelReason,
    JobProgress progress,
    Failure error,
    JobResult result) {

  /** As lists and streams show it. */
  public static JobView of(Job job) {
    return of(job, null, ShownSpec.LEFT_OUT);
  }

  /**
   * @param waiting null where the job does not wait, or nobody asked
   */
  public static JobView of(Job job, Waiting waiting, ShownSpec shown) {
    return new JobView(
        job.id(),
        job.owner(),
        job.state(),
        job.spec().kind(),
        job.spec().kind() == JobKind.QUANTIZATION ? job.spec().recipe() : null,
        job.spec().model(),
        job.licence().orElse(null),
        shown.of(job.spec()),
        job.labels(),
        job.priority(),
        job.createdAt(),
        retries(job) ? job.runAfter() : null,
        waiting == null ? null : waiting.position(),
        waiting == null ? null : waiting.reason(),
        job.startedAt().orElse(null),
        job.finishedAt().orElse(null),
        job.expiresAt().orElse(null),
        job.leaseEpoch(),
        job.lostLeases(),
        job.cancelRequestedAt().orElse(null),
        job.cancelReason().orElse(null),
        job.progress().map(it -> job.state() == JobState.SUCCEEDED ? it.whole() : it).orElse(null),
        job.error().map(Failure::of).orElse(null),
        job.result().map(it -> shown == ShownSpec.LEFT_OUT ? it.summary() : it).orElse(null));
  }

  /**
   * Strong: every change of a job's row raises one of the first two numbers, and what else is shown
   * of a waiting job is part of the tag.
   */
  static String etag(Job job, Waiting waiting, ShownSpec shown) {
    String queue = waiting == null ? "" : "-" + waiting.position() + "-" + waiting.reason();
    String variant = shown == ShownSpec.WHOLE ? "-spec" : "";
    return "\"" + job.eventSeq() + "-" + job.leaseEpoch() + queue + variant + "\"";
  }

  private static boolean retries(Job job) {
    return job.state() == JobState.QUEUED && job.runAfter().isAfter(job.createdAt());
  }

  /**
   * Why the last attempt failed.
   *
   * @param kind who can do something about it: user, resource, transient or internal
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Failure(String code, @JsonProperty("class") Kind kind, String message, String detail) {

    static Failure of(JobError error) {
      return new Failure(
          error.code(), Kind.valueOf(error.kind().name()), error.message(), error.detail());
    }

    /** The classes of failure in the API's spelling. */
    enum Kind {
      @JsonProperty("user")
      USER,
      @JsonProperty("resource")
      RESOURCE,
      @JsonProperty("transient")
      TRANSIENT,
      @JsonProperty("internal")
      INTERNAL
    }
  }
}
