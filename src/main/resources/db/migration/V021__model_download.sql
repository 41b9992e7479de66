-- Models that somebody asked for ahead of any job. Taken by one process at a time, as jobs are.
create table model_download (
  id               uuid primary key default gen_random_uuid(),
  model            text not null,
  revision         text not null,
  owner            text not null,
  state            text not null default 'QUEUED'
                   check (state in ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
  bytes            bigint not null default 0,
  total_bytes      bigint not null default 0,
  bytes_per_second double precision not null default 0,
  error            text,
  created_at       timestamptz not null default now(),
  holder           uuid,
  expires_at       timestamptz
);

create unique index model_download_open on model_download (model, revision)
  where state in ('QUEUED', 'RUNNING');
