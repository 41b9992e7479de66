// A whole job through openapi-fetch, typed by openapi-typescript.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";
import { events } from "./stream.js";

declare const process: { argv: string[] };
const client = createClient<paths>({ baseUrl: process.argv[2]! });

function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data as T;
}

const spec: components["schemas"]["JobSpec"] = {
  model: "olmoe",
  config: { default: { wq: "int4", group_size: 32 } },
  calibration: { texts: ["The quick brown fox jumps over the lazy dog."], samples: 1, sequence_length: 8 },
};
const plan = must(await client.POST("/v1/plans", { body: spec }));
const job = must(await client.POST("/v1/jobs", { body: spec }));
const path = { id: job.id };
const stream = await client.GET("/v1/jobs/{id}/events/stream", { params: { path }, parseAs: "stream" });
const seen: components["schemas"]["Event"][] = [];
for await (const event of events(new Response(must(stream) as unknown as ReadableStream))) {
  seen.push(event as components["schemas"]["Event"]);
}
const done = must(await client.GET("/v1/jobs/{id}", { params: { path } }));
const experts = must(await client.GET("/v1/jobs/{id}/experts", { params: { path } }));
const files = must(await client.GET("/v1/jobs/{id}/artifacts", { params: { path } }));
const gone = await client.DELETE("/v1/jobs/{id}", { params: { path } });
const report = {
  format: plan.format, state: done.state, events: seen.at(-1)!.seq, layers: experts.data.length,
  files: files.data.length, deleted: gone.response.status,
};
console.log(JSON.stringify(report));
