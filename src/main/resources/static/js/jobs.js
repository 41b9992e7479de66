// The list of jobs, live, with its filters in the address.

import {confirmed, fill, h, refill, toast} from "./dom.js";
import {get, post, remove} from "./api.js";
import {bytes, change, duration, number, seconds} from "./format.js";
import {doing, ended, method, progressBar, saveButtons, stateBadge, STATES, time} from "./parts.js";
import {watchJobs} from "./live.js";

const PAGE = 50;

export async function jobsView({root, query, signal, go, replace, fail, linkState}) {
  const jobs = new Map();
  const rows = new Map();
  const chosen = new Set();
  let next = null;
  const state = h("select", {name: "state", onchange: () => reload()}, h("option", {value: ""}, "all states"),
    STATES.map((it) => h("option", {value: it}, it.toLowerCase())));
  state.value = query.get("state") ?? "";
  const label = h("input", {name: "label", placeholder: "team=vision", value: query.get("label") ?? "", onchange: () => reload()});
  const text = h("input", {name: "find", type: "search", placeholder: "model, owner, id", value: query.get("find") ?? "", oninput: () => { remember(); draw(); }});
  const body = h("tbody");
  const foot = h("div", {class: "row actions"});
  const compare = h("button", {type: "button", disabled: true, onclick: () => go(`/compare?ids=${[...chosen].join(",")}`)}, "Compare");
  const filled = h("div", {class: "scroll"}, table());
  const empty = h("div");
  const frame = h("div", {class: "card"}, filled, empty, foot);

  function filters() {
    const parts = new URLSearchParams();
    if (state.value) parts.set("state", state.value);
    const [name, value] = label.value.split("=");
    if (name && value) parts.set(`label.${name.trim()}`, value.trim());
    return parts;
  }

  function remember() {
    const parts = new URLSearchParams();
    for (const input of [state, label, text]) if (input.value) parts.set(input.name, input.value);
    replace(`/jobs${parts.size ? `?${parts}` : ""}`);
  }

  async function page(after) {
    const parts = filters();
    parts.set("limit", PAGE);
    if (after) parts.set("after", after);
    const answer = await get(`/v1/jobs?${parts}`, signal);
    answer.data.forEach((job) => jobs.set(job.id, job));
    return answer;
  }

  async function load() {
    const answer = await page();
    const there = new Set(answer.data.map((job) => job.id));
    for (const id of [...jobs.keys()]) if (!there.has(id)) jobs.delete(id);
    next = answer.has_more ? answer.next : null;
    draw();
  }

  async function reload() {
    remember();
    try {
      await load();
    } catch (failure) {
      complain(failure);
    }
  }

  /** Without a valid key nothing here is true any longer; anything else passes. */
  function complain(failure) {
    if (failure.status === 401 || failure.status === 403) fail(failure);
    else if (!signal.aborted) toast(failure.message);
  }

  function shown() {
    const wanted = text.value.toLowerCase();
    return [...jobs.values()]
      .filter((job) => !state.value || job.state === state.value)
      .filter((job) => !wanted || [job.model, job.owner, job.id, ...Object.values(job.labels ?? {})].some((it) => it.toLowerCase().includes(wanted)))
      .sort((a, b) => b.created_at.localeCompare(a.created_at));
  }

  function draw() {
    const list = shown();
    for (const [id, row] of rows) if (!jobs.has(id)) { row.remove(); rows.delete(id); }
    // Rows that stay are not touched, so that the focus and a pointer's press are not lost to somebody else's progress.
    list.map((job) => row(job)).forEach((row, i) => { if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null); });
    while (body.children.length > list.length) body.lastChild.remove();
    filled.hidden = !list.length;
    fill(empty, list.length ? null : nothing());
    refill(foot,
      next ? h("button", {type: "button", onclick: more}, "Show older jobs") : null,
      list.length ? saveButtons("jobs", {table: () => asTable(shown()), data: shown}) : null);
  }

  async function more() {
    try {
      const answer = await page(next);
      next = answer.has_more ? answer.next : null;
      draw();
    } catch (failure) {
      complain(failure);
    }
  }

  function table() {
    return h("table", {class: "jobs"}, h("thead", {}, h("tr", {}, h("th", {}, h("span", {class: "wide-only"}, "")), h("th", {}, "State"), h("th", {}, "Model"),
      h("th", {}, "Progress"), h("th", {class: "num wide-only"}, "Size"), h("th", {class: "num wide-only"}, "Perplexity"), h("th", {class: "wide-only extra"}, "Owner"),
      h("th", {}, "Created"), h("th", {class: "wide-only"}, ""))), body);
  }

  // A row is made anew only when its job has changed, so that a thousand rows cost little.
  function row(job) {
    const kept = rows.get(job.id);
    if (kept && kept.job === job) return kept;
    const row = kept ?? h("tr", {class: "link", onclick: () => go(`/jobs/${job.id}`)});
    refill(row, cells(job, {chosen, onChoose, changed: (it) => { it ? jobs.set(job.id, it) : jobs.delete(job.id); draw(); }}));
    row.job = job;
    rows.set(job.id, row);
    return row;
  }

  function onChoose() {
    compare.disabled = chosen.size < 2;
    compare.textContent = chosen.size < 2 ? "Compare" : `Compare ${chosen.size}`;
  }

  function nothing() {
    const filtered = state.value || label.value || text.value;
    return h("div", {class: "empty"}, h("h2", {}, filtered ? "No job matches" : "No jobs yet"),
      h("p", {}, filtered ? "Change the filters to see more." : "Post the first one here, or with curl."),
      filtered ? null : h("a", {class: "button primary", href: "#/new"}, "New job"));
  }

  await load();
  fill(root,
    h("div", {class: "heading"}, h("h1", {class: "grow"}, "Jobs"), h("div", {class: "row actions"}, compare, h("a", {class: "button primary", href: "#/new"}, "New job"))),
    h("div", {class: "fields actions"}, h("label", {}, "Find", text), h("label", {}, "State", state), h("label", {}, "Label", label)),
    frame);
  watchJobs({signal, linkState, reload, complain, changed: (job) => {
    jobs.set(job.id, job);
    draw();
  }});
}

function cells(job, {chosen, onChoose, changed}) {
  const result = job.result ?? {};
  const box = h("input", {type: "checkbox", "aria-label": `Choose ${job.model}, ${job.id.slice(0, 8)}, for comparison`, onclick: (event) => event.stopPropagation(), onchange: () => {
    if (box.checked) chosen.add(job.id); else chosen.delete(job.id);
    onChoose();
  }});
  box.checked = chosen.has(job.id);
  const spent = ended(job.state) ? job.started_at ? `took ${duration(seconds(job.started_at, job.finished_at))}` : "" : left(job);
  return [h("td", {}, box),
    h("td", {}, stateBadge(job.state)),
    h("td", {}, h("a", {href: `#/jobs/${job.id}`, class: "clip", title: job.model}, job.model), h("span", {class: "sub how"}, method(job)), labels(job)),
    h("td", {}, progressBar(job), h("span", {class: "sub what", title: doing(job)}, doing(job)), h("span", {class: "sub"}, spent)),
    h("td", {class: "num wide-only"}, bytes(result.bytes?.after)),
    h("td", {class: "num wide-only"}, result.perplexity ? [number(result.perplexity.after), result.perplexity.before ? h("span", {class: "sub below"}, change(result.perplexity.before, result.perplexity.after)) : null] : "–"),
    h("td", {class: "wide-only extra"}, h("span", {class: "clip", title: job.owner}, job.owner)),
    h("td", {class: "when"}, time(job.created_at)),
    h("td", {class: "wide-only actions"}, actions(job, changed))];
}

function left(job) {
  const remaining = job.progress?.estimated_remaining_seconds;
  return job.state === "RUNNING" && remaining ? `${duration(remaining)} left` : "";
}

function labels(job) {
  const all = Object.entries(job.labels ?? {});
  return all.length ? h("div", {class: "tags"}, all.map(([name, value]) => h("span", {class: "tag", title: `${name}=${value}`}, `${name}=${value}`))) : null;
}

/** Cancel, retry and delete, each where it applies; `changed` gets the job, or nothing if it is gone. */
export function actions(job, changed) {
  const act = (work) => async (event) => {
    event.stopPropagation();
    try {
      await work();
    } catch (failure) {
      toast(failure.message);
    }
  };
  if (!ended(job.state)) {
    return h("button", {type: "button", class: "small", disabled: Boolean(job.cancel_requested_at), onclick: act(async () => {
      if (await confirmed(`Cancel the job of ${job.model}?`, "Cancel the job")) changed(await post(`/v1/jobs/${job.id}/cancel`));
    })}, job.cancel_requested_at ? "Stopping …" : "Cancel");
  }
  return h("span", {class: "row"},
    job.state === "SUCCEEDED" ? null : h("button", {type: "button", class: "small", onclick: act(async () => changed(await post(`/v1/jobs/${job.id}/retry`)))}, "Retry"),
    h("button", {type: "button", class: "small danger", onclick: act(async () => {
      if (await confirmed(`Delete the job of ${job.model} and its files?`, "Delete")) { await remove(`/v1/jobs/${job.id}`); changed(null); }
    })}, "Delete"));
}

/** Jobs as a table: its head and its rows. */
export function asTable(jobs) {
  return [["id", "state", "kind", "recipe", "model", "owner", "created_at", "finished_at", "bytes_before", "bytes_after", "bits_per_weight", "perplexity_before", "perplexity_after"],
    jobs.map((job) => [job.id, job.state, job.kind, job.recipe, job.model, job.owner, job.created_at, job.finished_at, job.result?.bytes?.before, job.result?.bytes?.after,
      job.result?.bits_per_weight, job.result?.perplexity?.before, job.result?.perplexity?.after])];
}
