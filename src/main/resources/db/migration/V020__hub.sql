-- Who downloads a file into a cache. One at a time; a holder that goes silent loses it.
create table hub_download (
  cache      uuid not null,
  blob       text not null,
  holder     uuid not null,
  expires_at timestamptz not null,
  primary key (cache, blob)
);

-- Who uses a repository of a cache. Users and the one that deletes it meet in one row, so that
-- whoever comes second waits for the first.
create table hub_repository (
  cache        uuid not null,
  name         text not null,
  owner        text,
  bytes        bigint not null default 0,
  users        jsonb not null default '{}',
  last_used_at timestamptz not null default now(),
  deleting_by  uuid,
  deleting_until timestamptz,
  primary key (cache, name)
);

create function hub_users_at(users jsonb, at timestamptz) returns boolean language sql immutable as $$
  select exists (select 1 from jsonb_each_text(users) it where cast(it.value as double precision) > extract(epoch from at))
$$;
