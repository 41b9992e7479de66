-- What jobs have in stores: results and finished layers. A row comes before its file's first byte,
-- so that nothing is left in a store that nobody knows of. No foreign key: rows outlive their job
-- until the store has deleted the file.
create table stored_file (
  job        uuid not null,
  location   text not null,
  name       text not null,
  created_at timestamptz not null default now(),
  primary key (job, location, name)
);

-- Uploads in parts that were begun; the next attempt goes on with them.
create table store_upload (
  job        uuid not null,
  object     text not null,
  sha256     text not null,
  upload_id  text not null,
  part_bytes bigint not null,
  primary key (job, object)
);
