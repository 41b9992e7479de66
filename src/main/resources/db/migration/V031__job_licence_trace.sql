-- What the model's card named when the job was posted, and the request's place in its trace (W3C Trace Context), which
-- the run goes on with.
alter table job add column licence text, add column trace_parent text;
