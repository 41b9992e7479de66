create table job (
  id                  uuid primary key,
  owner               text not null,
  state               text not null default 'QUEUED'
                      check (state in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  spec                jsonb not null,
  priority            integer not null default 0,
  devices             integer not null default 1,
  device_memory_bytes bigint not null default 0,
  run_after           timestamptz not null default now(),
  created_at          timestamptz not null default now(),
  started_at          timestamptz,
  finished_at         timestamptz,
  lease_epoch         bigint not null default 0,
  lease_worker        uuid,
  lease_expires_at    timestamptz,
  failures            jsonb not null default '{}',
  lost_leases         integer not null default 0,
  give_backs          integer not null default 0,
  cancel_requested_at timestamptz,
  cancel_reason       text,
  progress            jsonb,
  event_seq           bigint not null default 1,
  error               jsonb,
  result              jsonb,
  artifact_directory  text,
  idempotency_key     text,
  request_sha256      bytea not null,
  labels              jsonb not null default '{}',
  expires_at          timestamptz,
  check ((state in ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (finished_at is not null)),
  check ((state = 'RUNNING') = (lease_worker is not null)),
  check ((state = 'RUNNING') = (lease_expires_at is not null)),
  check ((state = 'SUCCEEDED') = (artifact_directory is not null))
);

create unique index job_idempotency on job (owner, idempotency_key) where idempotency_key is not null;
create index job_claim on job (priority desc, created_at, id) where state = 'QUEUED';
create index job_lease on job (lease_expires_at) where state = 'RUNNING';
create index job_running_owner on job (owner) where state in ('QUEUED', 'RUNNING');
create index job_list on job (created_at desc, id desc);
create index job_owner_list on job (owner, created_at desc, id desc);
create index job_labels on job using gin (labels jsonb_path_ops);
create index job_expiry on job (expires_at) where expires_at is not null;

create table job_event (
  job_id     uuid not null references job (id) on delete cascade,
  seq        bigint not null,
  attempt    bigint not null,
  type       text not null,
  level      text not null default 'info' check (level in ('info', 'warn', 'error')),
  data       jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (job_id, seq)
);

create table worker (
  id         uuid primary key,
  host       text not null,
  slots      jsonb not null,
  started_at timestamptz not null default now(),
  seen_at    timestamptz not null default now(),
  draining   boolean not null default false
);

-- A change of state is an event in the same statement, so no writer can forget it, and a move that
-- JobState does not allow is refused whoever asks for it.
create function job_state_event() returns trigger language plpgsql as $$
declare
  reason text;
begin
  if new.state <> old.state and (old.state, new.state) not in (
      ('QUEUED', 'RUNNING'), ('QUEUED', 'CANCELLED'),
      ('RUNNING', 'QUEUED'), ('RUNNING', 'SUCCEEDED'), ('RUNNING', 'FAILED'), ('RUNNING', 'CANCELLED'),
      ('FAILED', 'QUEUED'), ('CANCELLED', 'QUEUED')) then
    raise exception 'job % cannot go from % to %', old.id, old.state, new.state
      using errcode = 'check_violation';
  end if;
  if new.state = old.state
      and (new.cancel_requested_at is null or old.cancel_requested_at is not null) then
    return new;
  end if;
  reason := case
    when new.lost_leases > old.lost_leases then 'lease-lost'
    when new.give_backs > old.give_backs then 'given-back'
    when new.state = 'QUEUED' and old.state = 'RUNNING' then 'retry'
    when new.state = 'QUEUED' then 'retry-requested'
    when new.state = old.state then 'cancel-requested'
  end;
  new.event_seq := new.event_seq + 1;
  insert into job_event (job_id, seq, attempt, type, level, data)
  values (new.id, new.event_seq, new.lease_epoch, 'state',
    case when new.state = 'FAILED' then 'error' when reason in ('lease-lost', 'retry') then 'warn' else 'info' end,
    jsonb_strip_nulls(jsonb_build_object(
      'state', new.state,
      'reason', reason,
      'error', case when new.state = 'FAILED' or reason = 'retry' then new.error end,
      'run_after', case when new.state = 'QUEUED' and new.run_after > now() then new.run_after end)));
  return new;
end $$;

create trigger job_state_event before update on job
  for each row execute function job_state_event();

create function job_created_event() returns trigger language plpgsql as $$
begin
  insert into job_event (job_id, seq, attempt, type, data)
  values (new.id, new.event_seq, 0, 'state', jsonb_build_object('state', new.state));
  return null;
end $$;

create trigger job_created_event after insert on job
  for each row execute function job_created_event();

-- Notifications only wake somebody earlier; the rows are the truth.
create function job_notify() returns trigger language plpgsql as $$
begin
  if new.state = 'QUEUED' then
    perform pg_notify('alphaquant_queue', new.id::text);
  elsif new.state = 'RUNNING' and new.cancel_requested_at is not null then
    perform pg_notify('alphaquant_cancel', new.id::text);
  end if;
  return null;
end $$;

create trigger job_queued after insert on job
  for each row execute function job_notify();
create trigger job_requeued after update on job
  for each row when (new.state <> old.state
    or new.cancel_requested_at is distinct from old.cancel_requested_at)
  execute function job_notify();

create function job_event_notify() returns trigger language plpgsql as $$
begin
  perform pg_notify('alphaquant_event', new.job_id || ' ' || new.seq);
  return null;
end $$;

create trigger job_event_notify after insert on job_event
  for each row execute function job_event_notify();
