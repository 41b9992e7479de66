package org.alphaquant.job;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/**
 * Messages to webhooks. Their rows are made by the database when a job changes its state. The
 * number of the attempt is the fence: who was given up for lost and comes back changes no row.
 */
public interface WebhookDeliveries extends Repository<WebhookDelivery, UUID> {

  /**
   * Begins an attempt at those that are due, longest due first, but at no more of a host than it
   * may have at once. Whoever dies over it loses nothing: they are due again after the lease.
   *
   * @param underWay hosts of the caller's attempts, as often as they have one
   */
  default List<WebhookDelivery> claim(
      int limit, int forOneHost, Collection<String> underWay, double leaseSeconds) {
    return claim(limit, forOneHost, underWay.toArray(String[]::new), leaseSeconds);
  }

  // The hosts one after another by the index, so that it does not matter how much a host has due.
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

  /** Ends it; empty when another attempt was begun since. */
  default Optional<WebhookDelivery> finish(
      WebhookDelivery attempted, WebhookDelivery.Outcome outcome, Integer status, String error) {
    return finish(attempted.id(), attempted.attempts(), outcome.name(), status, error);
  }

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

  /** Has it tried again after so many seconds; empty when another attempt was begun since. */
  default Optional<WebhookDelivery> postpone(
      WebhookDelivery attempted, double seconds, Integer status, String error) {
    return postpone(attempted.id(), attempted.attempts(), seconds, status, error);
  }

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

  /** The messages of a job, oldest first. */
  @NativeQuery("select * from webhook_delivery where job_id = :jobId order by seq limit :limit")
  List<WebhookDelivery> of(UUID jobId, int limit);

  /**
   * Gives up those that were due for three days without an attempt: webhooks are switched off, or
   * no process sends.
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

  /** Forgets those that ended a month ago. */
  @NativeQuery(
      """
      delete from webhook_delivery where finished_at < now() - interval '30 days'
      returning cast(id as text)
      """)
  List<String> forgetFinished();
}
