-- Messages to clients' webhooks. A row outlives its job, so that the end of a job that is deleted at once is told too.
create table webhook_delivery (
  id              uuid primary key default gen_random_uuid(),
  job_id          uuid not null,
  seq             bigint not null,
  event           text not null,
  url             text not null,
  -- Text, because a signature is over bytes and jsonb keeps none.
  body            text not null,
  created_at      timestamptz not null default now(),
  attempts        integer not null default 0,
  next_attempt_at timestamptz default now(),
  finished_at     timestamptz,
  outcome         text check (outcome in ('DELIVERED', 'REFUSED', 'GIVEN_UP')),
  last_status     integer,
  last_error      text,
  unique (job_id, seq),
  check ((next_attempt_at is null) = (finished_at is not null)),
  check ((outcome is null) = (finished_at is null))
);

create index webhook_delivery_due on webhook_delivery (next_attempt_at) where next_attempt_at is not null;
create index webhook_delivery_finished on webhook_delivery (finished_at) where finished_at is not null;

create function iso_time(at timestamptz) returns text language sql stable as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- In the statement that changes the state, so that no change can go untold, whoever made it.
create function job_webhook() returns trigger language plpgsql as $$
declare
  delivery uuid;
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
        'error', new.error - 'detail')))::text)
  returning id into delivery;
  perform pg_notify('alphaquant_webhook', delivery::text);
  return null;
end $$;

create trigger job_webhook after update on job
  for each row when (new.state <> old.state
    and new.spec #> '{spec,webhook,events}' @> to_jsonb(new.state))
  execute function job_webhook();
