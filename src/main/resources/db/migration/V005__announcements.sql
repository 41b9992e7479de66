-- Transactions that notify are committed one at a time, each after its wait for the disk. So the
-- statements' callers notify afterwards, in a transaction of its own (job.Announcements).
drop trigger job_queued on job;
drop trigger job_requeued on job;
drop function job_notify;
drop trigger job_event_notify on job_event;
drop function job_event_notify;

create or replace function job_webhook() returns trigger language plpgsql as $$
begin
  insert into webhook_delivery (job_id, seq, event, url, body)
  values (new.id, new.event_seq, new.state, new.spec #>> '{spec,webhook,url}',
    jsonb_build_object(
      'type', 'job.' || lower(new.state),
      'timestamp', iso_time(now()),
      'data', jsonb_strip_nulls(jsonb_build_object(
        'id', new.id,
        'owner', new.owner,
        'state', new.state,
        'seq', new.event_seq,
        'model', new.spec #> '{spec,model}',
        'labels', new.labels,
        'attempt', new.lease_epoch,
        'created_at', iso_time(new.created_at),
        'started_at', iso_time(new.started_at),
        'finished_at', iso_time(new.finished_at),
        'error', new.error - 'detail')))::text);
  return null;
end $$;
