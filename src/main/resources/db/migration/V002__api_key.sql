-- Only a hash of the secret is kept: it has 256 random bits, so a slow hash would add nothing.
create table api_key (
  id            text primary key check (id ~ '^[a-z0-9]{8}$'),
  secret_sha256 bytea not null,
  owner         text not null,
  name          text,
  scopes        text[] not null check (scopes <@ array['read', 'write', 'admin'] and scopes <> '{}'),
  created_at    timestamptz not null default now(),
  expires_at    timestamptz,
  revoked_at    timestamptz,
  last_used_at  timestamptz
);
