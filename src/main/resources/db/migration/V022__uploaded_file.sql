-- Files of texts that callers sent. The row comes when the file is whole.
create table uploaded_file (
  id         uuid primary key,
  owner      text not null,
  name       text not null,
  bytes      bigint not null,
  sha256     text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create index uploaded_file_owner on uploaded_file (owner, created_at);
create index uploaded_file_expiry on uploaded_file (expires_at);
