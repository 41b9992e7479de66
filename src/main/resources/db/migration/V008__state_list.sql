-- Lists of one state, newest first: a rare one was looked for among all jobs. Counting the jobs of each state reads this
-- index alone, too.
create index job_state_list on job (state, created_at desc, id desc);
