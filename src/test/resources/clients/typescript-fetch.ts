// A whole job through the client that openapi-generator makes as typescript-fetch.
import { Configuration, JobsApi, PlanningApi, ResultsApi } from "./typescript-fetch/index.js";
import type { Event, JobSpec } from "./typescript-fetch/index.js";
import { events } from "./stream.js";

declare const process: { argv: string[] };
const configuration = new Configuration({ basePath: process.argv[2]! });
const jobs = new JobsApi(configuration);
const results = new ResultsApi(configuration);

const jobSpec: JobSpec = {
  model: "olmoe",
  config: { _default: { wq: "int4", groupSize: 32 } },
  calibration: { texts: ["The quick brown fox jumps over the lazy dog."], samples: 1, sequenceLength: 8 },
};
const plan = await new PlanningApi(configuration).planJob({ jobSpec });
const { id } = await jobs.createJob({ jobSpec });
const stream = await jobs.followEventsRaw({ id });
const seen: Event[] = [];
for await (const event of events(stream.raw)) seen.push(event as Event);
const done = await jobs.getJob({ id });
const experts = await results.listExperts({ id });
const files = await results.listArtifacts({ id });
const gone = await jobs.deleteJobRaw({ id });
const report = {
  format: plan.format, state: done.state, events: seen.at(-1)!.seq, layers: experts.data.length,
  files: files.data.length, deleted: gone.raw.status,
};
console.log(JSON.stringify(report));
