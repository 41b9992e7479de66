create index job_finished on job (finished_at) where finished_at is not null;
create index job_running_quota on job (owner) where state = 'RUNNING';

-- A job that says how long it is to be kept gets its time when it ends, and loses it when it is queued again.
create function job_expiry() returns trigger language plpgsql as $$
begin
  new.expires_at := new.finished_at
    + make_interval(secs => cast(new.spec #>> '{spec,expires_in}' as double precision));
  return new;
end $$;

create trigger job_expiry before update on job
  for each row when (new.finished_at is distinct from old.finished_at)
  execute function job_expiry();

-- Deleted jobs, until every machine has had the time to remove their folders.
create table job_tombstone (
  job_id     uuid primary key,
  deleted_at timestamptz not null default now()
);

create function job_deleted() returns trigger language plpgsql as $$
begin
  insert into job_tombstone (job_id) values (old.id) on conflict do nothing;
  return null;
end $$;

create trigger job_deleted after delete on job
  for each row execute function job_deleted();
