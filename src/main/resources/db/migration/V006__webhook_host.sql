-- With the port, in lower case.
alter table webhook_delivery
  add column host text generated always as (lower(substring(url from '://([^/?#]*)'))) stored;

drop index webhook_delivery_due;
create index webhook_delivery_due on webhook_delivery (host, next_attempt_at) where next_attempt_at is not null;
