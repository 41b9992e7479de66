package org.alphaquant.job.delivery;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** The statements of {@link WebhookDeliveries}. */
interface WebhookDeliveryRows extends Repository<WebhookDelivery, UUID> {

  // Walks the hosts by the index, so that the number of due deliveries of a host does not matter.
  @NativeQuery(
      """
      with recursive waiting(host) as (
        (select min(host) from webhook_delivery where next_attempt_at is not null)
        union all
        select (select min(host) from webhook_delivery
                where next_attempt_at is not null and host > waiting.host)
        from waiting where waiting.host is not null),
      due as materialized (
        select first.id from waiting cross join lateral (
          select id, next_attempt_at from webhook_delivery
          where host = waiting.host and next_attempt_at <= now()
          order by next_attempt_at
          limit greatest(0, :forOneHost - cardinality(
            array_positions(cast(:underWay as text[]), waiting.host)))
          for update skip locked) first
        order by first.next_attempt_at
        limit :limit)
      update webhook_delivery
      set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => :leaseSeconds)
      from due
      where webhook_delivery.id = due.id
      returning webhook_delivery.*
      """)
  List<WebhookDelivery> claim(int limit, int forOneHost, String[] underWay, double leaseSeconds);

  @NativeQuery(
      """
      update webhook_delivery
      set finished_at = now(), next_attempt_at = null, outcome = :outcome,
          last_status = cast(:status as integer), last_error = :error
      where id = :id and attempts = :attempts and finished_at is null
      returning *
      """)
  Optional<WebhookDelivery> finish(
      UUID id, int attempts, String outcome, Integer status, String error);

  @NativeQuery(
      """
      update webhook_delivery
      set next_attempt_at = now() + make_interval(secs => :seconds),
          last_status = cast(:status as integer), last_error = :error
      where id = :id and attempts = :attempts and finished_at is null
      returning *
      """)
  Optional<WebhookDelivery> postpone(
      UUID id, int attempts, double seconds, Integer status, String error);

  /** The deliveries of a job, oldest first. */
  @NativeQuery("select * from webhook_delivery where job_id = :jobId order by seq limit :limit")
  List<WebhookDelivery> of(UUID jobId, int limit);

  /**
   * Gives up deliveries that have been due for three days without an attempt, because webhooks are
   * disabled or no process sends them.
   */
  @NativeQuery(
      """
      with overdue as materialized (
        select id from webhook_delivery
        where next_attempt_at < now() - interval '3 days'
        limit :limit
        for update skip locked)
      update webhook_delivery
      set finished_at = now(), next_attempt_at = null, outcome = 'GIVEN_UP',
          last_error = 'was due for 3 days, and no process sent it'
      from overdue
      where webhook_delivery.id = overdue.id
      returning webhook_delivery.*
      """)
  List<WebhookDelivery> giveUpOverdue(int limit);

  /** Deletes deliveries that ended a month ago. */
  @NativeQuery(
      """
      delete from webhook_delivery where finished_at < now() - interval '30 days'
      returning cast(id as text)
      """)
  List<String> forgetFinished();
}
