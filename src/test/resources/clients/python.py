"""A whole job through the client that openapi-generator makes for Python."""

import json
import sys

sys.path.insert(0, sys.argv[1])
import openapi_client as client

api = client.ApiClient(client.Configuration(host=sys.argv[2]))
jobs, results = client.JobsApi(api), client.ResultsApi(api)
spec = client.JobSpec(
    model="olmoe",
    config=client.QuantizationConfig(default=client.Scheme(wq="int4", group_size=32)),
    calibration=client.Calibration(
        texts=["The quick brown fox jumps over the lazy dog."], samples=1, sequence_length=8
    ),
)
plan = client.PlanningApi(api).plan_job(spec)
id = jobs.create_job(spec).id
if hasattr(jobs, "follow_events_without_preload_content"):
    stream = jobs.follow_events_without_preload_content(id)
else:
    stream = jobs.follow_events_with_http_info(id, _preload_content=False).raw_data
seen = []
for line in stream:
    if line.startswith(b"data:"):
        seen.append(client.Event.parse_raw(line[5:]))
done = jobs.get_job(id)
experts = results.list_experts(id)
files = results.list_artifacts(id)
deleted = jobs.delete_job_with_http_info(id).status_code
print(json.dumps({
    "format": plan.format, "state": done.state, "events": seen[-1].seq, "layers": len(experts.data),
    "files": len(files.data), "deleted": deleted,
}))
