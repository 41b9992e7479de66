// Who runs jobs, on what, and what waits for them.

import {h, refill} from "./dom.js";
import {get, Unreachable} from "./api.js";
import {bytes, count} from "./format.js";
import {card, doing, figure, method, progressBar, saveButtons, time} from "./parts.js";

const EVERY = 5000;
const STORED = ["jobs", "result_bytes", "file_bytes", "model_bytes"];

export async function workersView({root, signal, fail, linkState}) {
  async function draw() {
    const [workers, running, queued, stored] = await Promise.all([
      get("/v1/workers", signal), get("/v1/jobs?state=RUNNING&limit=100", signal), get("/v1/jobs?state=QUEUED&limit=100", signal), get("/v1/storage", signal)]);
    const slots = workers.data.flatMap((it) => it.slots);
    refill(root, h("h1", {}, "Workers"),
      h("section", {class: "card"}, h("div", {class: "figures"},
        figure(count(workers.data.length), "Workers"), figure(count(slots.length), "Devices"),
        figure(bytes(slots.reduce((sum, it) => sum + it.memory_bytes, 0)), "Device memory"),
        figure(`${running.data.length}${running.has_more ? "+" : ""}`, "Running"), figure(`${queued.data.length}${queued.has_more ? "+" : ""}`, "Waiting"))),
      card("Devices", workers.data.length ? [table(workers.data), saveButtons("devices", {data: () => workers.data, table: () => devices(workers.data)})] : h("div", {class: "empty"}, h("h2", {}, "No worker is there"), h("p", {}, "Jobs wait until a process with role worker or all has started."))),
      card("Running now", running.data.length ? jobs(running.data) : h("p", {class: "sub"}, "Nothing runs.")),
      card("Waiting", queued.data.length ? queue(queued) : h("p", {class: "sub"}, "Nothing waits.")),
      storage(stored));
  }

  function missed(failure) {
    if (failure.status === 401 || failure.status === 403) fail(failure);
    else if (!signal.aborted) linkState(!(failure instanceof Unreachable));
  }

  await draw();
  const timer = setInterval(() => draw().then(() => linkState(true)).catch(missed), EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function devices(workers) {
  return [["host", "device", "memory_bytes", "draining", "started_at", "seen_at"],
    workers.flatMap((it) => it.slots.map((slot) => [it.host, slot.device, slot.memory_bytes, it.draining, it.started_at, it.seen_at]))];
}

function table(workers) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Host"), h("th", {}, "Device"), h("th", {class: "num"}, "Memory"), h("th", {}, "State"), h("th", {}, "Runs"), h("th", {}, "Since"), h("th", {}, "Last sign of life"))),
    h("tbody", {}, workers.flatMap((worker) => worker.slots.map((slot) => h("tr", {},
      h("td", {}, worker.host), h("td", {}, h("code", {}, slot.device)), h("td", {class: "num"}, bytes(slot.memory_bytes)),
      h("td", {}, worker.draining ? "draining" : "taking jobs"), h("td", {}, runs(worker)), h("td", {}, time(worker.started_at)), h("td", {}, time(worker.seen_at))))))));
}

// Jobs of other owners are counted, not named.
function runs(worker) {
  const links = worker.jobs.map((id) => h("a", {href: `#/jobs/${id}`}, id.slice(0, 8)));
  return worker.busy_slots ? [`${worker.busy_slots} of ${worker.slots.length} busy `, ...links.flatMap((it) => [it, " "])] : "nothing";
}

function jobs(running) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Model"), h("th", {}, "Method"), h("th", {}, "Progress"), h("th", {}, "Doing"), h("th", {}, "Owner"))),
    h("tbody", {}, running.map((job) => h("tr", {},
    h("td", {}, h("a", {href: `#/jobs/${job.id}`}, job.model)), h("td", {}, method(job)), h("td", {}, progressBar(job)), h("td", {}, doing(job)), h("td", {}, job.owner))))));
}

/** Jobs of the queue that are named. */
const MOST_WAITING = 20;

/** The first of the queue, in its order, with what each waits for. */
function queue({data, has_more: more}) {
  const first = [...data].sort((a, b) => (a.queue_position ?? Infinity) - (b.queue_position ?? Infinity)).slice(0, MOST_WAITING);
  return [h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {class: "num"}, "Place"), h("th", {}, "Model"), h("th", {}, "Method"), h("th", {}, "Waits"), h("th", {}, "Owner"), h("th", {}, "Since"))),
    h("tbody", {}, first.map((job) => h("tr", {},
      h("td", {class: "num"}, count(job.queue_position)), h("td", {}, h("a", {href: `#/jobs/${job.id}`}, job.model)), h("td", {}, method(job)), h("td", {}, doing(job)), h("td", {}, job.owner), h("td", {class: "when"}, time(job.created_at))))))),
  data.length > first.length || more ? h("p", {class: "sub"}, "The ", h("a", {href: "#/jobs?state=QUEUED"}, "list of jobs"), " has the rest.") : null];
}

/** What is stored: the viewer's own, and for an administrator everybody's with the sum and the room that is left. */
function storage({data, total, disk}) {
  const sum = total ?? data[0];
  if (!sum) return card("Storage", h("p", {class: "sub"}, "Nothing is stored yet."));
  const parts = [["Results", sum.result_bytes], ["Uploaded files", sum.file_bytes], ["Models in caches", sum.model_bytes]];
  return card("Storage",
    h("div", {class: "figures"}, parts.map(([name, value]) => figure(bytes(value), name)),
      disk ? figure(bytes(disk.free_bytes), "Free on the data disk", `of ${bytes(disk.total_bytes)}`) : null),
    data.length ? h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Owner"), h("th", {class: "num"}, "Results kept"), h("th", {class: "num"}, "Results"), h("th", {class: "num wide-only"}, "Files"), h("th", {class: "num wide-only"}, "Models"), h("th", {class: "num"}, "In all"))),
      h("tbody", {}, data.map((it) => h("tr", {}, h("td", {}, it.owner ?? h("span", {class: "sub"}, "nobody by name")), h("td", {class: "num"}, count(it.jobs)), h("td", {class: "num"}, bytes(it.result_bytes)), h("td", {class: "num wide-only"}, bytes(it.file_bytes)), h("td", {class: "num wide-only"}, bytes(it.model_bytes)), h("td", {class: "num"}, bytes(it.result_bytes + it.file_bytes + it.model_bytes))))))) : null,
    saveButtons("storage", {data: () => ({data, total, disk}), table: () => [["owner", ...STORED], data.map((it) => [it.owner, ...STORED.map((name) => it[name])])]}));
}
