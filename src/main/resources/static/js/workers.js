// Who runs jobs, on what, and what waits for them.

import {fill, h} from "./dom.js";
import {get} from "./api.js";
import {bytes, count} from "./format.js";
import {card, doing, figure, progressBar, time} from "./parts.js";

const EVERY = 5000;

export async function workersView({root, signal, linkState}) {
  async function draw() {
    const [workers, running, queued] = await Promise.all([
      get("/v1/workers", signal), get("/v1/jobs?state=RUNNING&limit=100", signal), get("/v1/jobs?state=QUEUED&limit=100", signal)]);
    const slots = workers.data.flatMap((it) => it.slots);
    fill(root, h("h1", {}, "Workers"),
      h("section", {class: "card"}, h("div", {class: "figures"},
        figure(count(workers.data.length), "Workers"), figure(count(slots.length), "Devices"),
        figure(bytes(slots.reduce((sum, it) => sum + it.memory_bytes, 0)), "Device memory"),
        figure(`${running.data.length}${running.has_more ? "+" : ""}`, "Running"), figure(`${queued.data.length}${queued.has_more ? "+" : ""}`, "Waiting"))),
      card("Devices", workers.data.length ? table(workers.data) : h("div", {class: "empty"}, h("h2", {}, "No worker is there"), h("p", {}, "Jobs wait until a process with role worker or all has started."))),
      card("Running now", running.data.length ? jobs(running.data) : h("p", {class: "sub"}, "Nothing runs.")));
  }

  await draw();
  const timer = setInterval(() => draw().then(() => linkState(true)).catch((failure) => { if (!signal.aborted) linkState(failure.name !== "Error"); }), EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
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
  return h("div", {class: "scroll"}, h("table", {}, h("tbody", {}, running.map((job) => h("tr", {},
    h("td", {}, h("a", {href: `#/jobs/${job.id}`}, job.model)), h("td", {}, progressBar(job)), h("td", {}, doing(job)), h("td", {}, job.owner))))));
}
