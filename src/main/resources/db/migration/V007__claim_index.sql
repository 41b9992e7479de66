-- With the number of devices in it, a claim goes past the jobs that are too large for the free ones
-- without reading them: twenty times faster behind 10,000 of those.
drop index job_claim;
create index job_claim on job (priority desc, created_at, id, devices) where state = 'QUEUED';
