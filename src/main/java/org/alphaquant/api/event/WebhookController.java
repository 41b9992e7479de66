package org.alphaquant.api.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.job.JobState;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Deliveries of a job's webhook. */
@RestController
class WebhookController {

  // A job changes its state a few times; one that was retried by hand very often shows its first.
  private static final int MAX_DELIVERIES = 1000;

  private final JobAccess access;
  private final WebhookDeliveries deliveries;

  WebhookController(JobAccess access, WebhookDeliveries deliveries) {
    this.access = access;
    this.deliveries = deliveries;
  }

  @GetMapping(path = "/v1/jobs/{id}/webhooks", produces = MediaType.APPLICATION_JSON_VALUE)
  DeliveryList list(@PathVariable UUID id) {
    return new DeliveryList(
        deliveries.of(access.find(id).id(), MAX_DELIVERIES).stream()
            .map(DeliveryView::of)
            .toList());
  }

  record DeliveryList(List<DeliveryView> data) {}

  /**
   * One message.
   *
   * @param id as its header {@code webhook-id} has it
   * @param event the new state
   * @param seq number of the event that it reports
   * @param nextAttemptAt missing once it has ended
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record DeliveryView(
      String id,
      JobState event,
      long seq,
      String url,
      @JsonProperty("created_at") Instant createdAt,
      int attempts,
      @JsonProperty("next_attempt_at") Instant nextAttemptAt,
      @JsonProperty("finished_at") Instant finishedAt,
      WebhookDelivery.Outcome outcome,
      @JsonProperty("last_status") Integer lastStatus,
      @JsonProperty("last_error") String lastError) {

    static DeliveryView of(WebhookDelivery delivery) {
      return new DeliveryView(
          "msg_" + delivery.id(),
          delivery.event(),
          delivery.seq(),
          delivery.url(),
          delivery.createdAt(),
          delivery.attempts(),
          delivery.nextAttemptAt().orElse(null),
          delivery.finishedAt().orElse(null),
          delivery.outcome().orElse(null),
          delivery.lastStatus().orElse(null),
          delivery.lastError().orElse(null));
    }
  }
}
