// Results side by side: quality against size, and what differs between the jobs.

import {fill, h} from "./dom.js";
import {get} from "./api.js";
import {bytes, change, number, percent, small} from "./format.js";
import {asTable} from "./jobs.js";
import {card, method, saveButtons, stateBadge} from "./parts.js";
import {scatter} from "./charts.js";

export async function compareView({root, query, signal, go}) {
  const ids = (query.get("ids") ?? "").split(",").filter(Boolean);
  const jobs = await Promise.all(ids.map((id) => get(`/v1/jobs/${id}`, signal)));
  const all = (await get("/v1/jobs?state=SUCCEEDED&limit=100", signal)).data;
  const names = new Map(jobs.map((job, i) => [job.id, String.fromCharCode(65 + (i % 26)) + (i >= 26 ? Math.floor(i / 26) : "")]));
  const measured = jobs.filter((job) => job.result?.perplexity?.before && job.result?.bytes);
  const diverged = jobs.filter((job) => job.result?.divergence && job.result?.bytes);

  const against = (title, some, loss, formatY) => h("div", {}, h("h3", {}, title), scatter({title: `${title} against size`, xLabel: "size", yLabel: "", formatX: bytes, formatY,
    points: some.map((job) => ({x: job.result.bytes.after, y: loss(job), name: names.get(job.id), onClick: () => go(`/jobs/${job.id}`)}))}));

  fill(root,
    h("div", {class: "heading"}, h("h1", {class: "grow"}, "Compare"), chooser(all, ids, go)),
    jobs.length === 0 ? h("div", {class: "card empty"}, h("h2", {}, "Choose jobs to compare"), h("p", {}, "Add finished jobs above, or tick them in the list of jobs.")) : null,
    measured.length || diverged.length ? card("Quality against size", h("p", {class: "sub"}, "Left and down is better; the line joins what no other job beats in both."),
      h("div", {class: "two"},
        measured.length ? against("Loss of perplexity", measured, (job) => job.result.perplexity.after / job.result.perplexity.before - 1, (it) => percent(it, 2)) : null,
        diverged.length ? against("KL divergence", diverged, (job) => job.result.divergence.mean.value, small) : null)) : null,
    jobs.length ? card("Results", table(jobs, names, ids, go), saveButtons("comparison", {table: () => asTable(jobs), data: () => jobs})) : null,
    jobs.length > 1 ? card("What differs in their specifications", ...differences(jobs, names)) : null);
}

function chooser(all, ids, go) {
  const select = h("select", {"aria-label": "Add a job", onchange: () => go(`/compare?ids=${[...ids, select.value].join(",")}`)},
    h("option", {value: ""}, "Add a job …"),
    all.filter((job) => !ids.includes(job.id)).map((job) => h("option", {value: job.id}, `${job.model} · ${method(job)} · ${job.id.slice(0, 8)}`)));
  return h("div", {class: "row actions"}, select);
}

function table(jobs, names, ids, go) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, ""), h("th", {}, "Model"), h("th", {class: "extra"}, "State"), h("th", {class: "num"}, "Size"), h("th", {class: "num"}, "Bits"), h("th", {class: "num"}, "Perplexity"), h("th", {class: "num"}, "Change"), h("th", {class: "num"}, "KL"), h("th", {}, ""))),
    h("tbody", {}, jobs.map((job) => h("tr", {},
      h("td", {}, h("b", {}, names.get(job.id))), h("td", {}, h("a", {href: `#/jobs/${job.id}`}, job.model), h("span", {class: "sub how"}, method(job))), h("td", {class: "extra"}, stateBadge(job.state)),
      h("td", {class: "num"}, bytes(job.result?.bytes?.after)), h("td", {class: "num"}, number(job.result?.bits_per_weight, 2)),
      h("td", {class: "num"}, number(job.result?.perplexity?.after)), h("td", {class: "num"}, change(job.result?.perplexity?.before, job.result?.perplexity?.after)),
      h("td", {class: "num"}, small(job.result?.divergence?.mean?.value)),
      h("td", {class: "actions"}, h("button", {type: "button", class: "small", onclick: () => go(`/compare?ids=${ids.filter((it) => it !== job.id).join(",")}`)}, "Remove")))))));
}

function flat(value, path, into) {
  if (value !== null && typeof value === "object") for (const [name, it] of Object.entries(value)) flat(it, path ? `${path}.${name}` : name, into);
  else if (value !== null && value !== undefined) into.set(path, String(value));
  return into;
}

function differences(jobs, names) {
  const specs = jobs.map((job) => flat(job.spec, "", new Map()));
  const paths = [...new Set(specs.flatMap((it) => [...it.keys()]))].filter((path) => new Set(specs.map((it) => it.get(path))).size > 1);
  if (!paths.length) return [h("p", {class: "sub"}, "Nothing: they were posted alike.")];
  const lines = paths.map((path) => [path, ...specs.map((it) => it.get(path) ?? null)]);
  return [h("div", {class: "scroll"}, h("table", {class: "differences"}, h("thead", {}, h("tr", {}, h("th", {}, "Field"), jobs.map((job) => h("th", {}, names.get(job.id))))),
    h("tbody", {}, paths.map((path) => h("tr", {}, h("td", {}, h("code", {}, path)), specs.map((it) => h("td", {}, it.get(path) ?? "–"))))))),
    saveButtons("differences", {table: () => [["field", ...jobs.map((it) => it.id)], lines], data: () => Object.fromEntries(lines.map(([path, ...values]) => [path, Object.fromEntries(values.map((it, i) => [jobs[i].id, it]))]))})];
}
