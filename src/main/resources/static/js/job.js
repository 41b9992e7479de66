// One job, from its plan to the command that serves its result; live while it runs.

import {fill, h, saveButton, toast} from "./dom.js";
import {download, get, post, Refused} from "./api.js";
import {bytes, change, count, duration, number, percent, phase, seconds} from "./format.js";
import {actions} from "./jobs.js";
import {card, doing, ended, figure, progressBar, refusal, saveButtons, stateBadge, time} from "./parts.js";
import {heatMap} from "./heatmap.js";
import {stackedBar} from "./charts.js";
import {follow} from "./stream.js";
import {artifactsCard, serveCard} from "./result.js";
import {contractCard} from "./contract.js";
import {ladderCard} from "./ladder.js";
import {allocationCard, errorsCard, expertCard, routersCard, schemesCard, trafficCard} from "./report.js";

export async function jobView({root, id, signal, go, linkState}) {
  const path = `/v1/jobs/${id}`;
  let job = await get(path, signal);
  let report = null;
  const layers = new Map();
  const events = [];
  const head = h("div");
  const timeline = h("div");
  const log = h("div", {class: "log", tabindex: "0", role: "log", "aria-label": "Log"});
  const chosen = h("div", {"aria-live": "polite"});
  const results = h("div", {class: "two"});
  const sizes = h("div");
  const contract = h("div");
  const map = heatMap({onChoose: (layer, expert) => fill(chosen, expertCard(layer, expert, report))});
  const mapCard = card("Expert utilization", map.element, chosen, h("div", {class: "row actions"},
    saveButtons("experts", {table: () => expertTable(layers.values()), data: () => [...layers.values()]})));
  const logCard = card("Log", log, h("div", {class: "row actions"},
    h("button", {type: "button", class: "small", onclick: () => download(`${path}/log`, `${id}.log`).catch((failure) => toast(failure.message))}, "Save as text")));
  const timelineCard = card("Timeline", timeline);
  mapCard.hidden = true;

  fill(root, head, timelineCard, sizes, contract, mapCard, results, logCard, h("div"));

  function draw() {
    fill(head, header(job, (it) => { if (it) { job = it; draw(); } else go("/jobs"); }));
  }

  function drawSizes(all, of) {
    fill(sizes, ladderCard(all, of, (name) => document.getElementById(`size-${name}`)?.focus()));
  }

  async function finish() {
    job = await get(path, signal);
    draw();
    if (!ended(job.state)) return;
    report = await optional(`${path}/artifacts/quantization_report.json`, signal);
    const experts = await optional(`${path}/experts`, signal);
    experts?.data.forEach((it) => layers.set(it.layer, it));
    drawExperts();
    const plan = await planOf(id, signal);
    const single = job.state === "SUCCEEDED" && job.result.bytes;
    if (job.result?.ladder) drawSizes(job.result.ladder);
    if (report?.contract) fill(contract, contractCard(report.contract));
    fill(results,
      single ? serveCard(job, plan?.format) : null,
      job.state === "SUCCEEDED" ? artifactsCard(job) : null,
      report ? trafficCard(report) : null,
      report ? allocationCard(report) : null,
      report ? errorsCard(report) : null,
      routersCard(job.result?.divergence),
      plan ? schemesCard(plan) : null);
    root.lastChild.replaceWith(specCard(job, report));
  }

  function drawExperts() {
    mapCard.hidden = layers.size === 0;
    map.update([...layers.values()].sort((a, b) => a.layer - b.layer));
  }

  function drawTimeline() {
    const parts = phases(events, job);
    timelineCard.hidden = parts.length === 0;
    fill(timeline, parts.length ? stackedBar(parts) : null);
  }

  function note(event) {
    const {type, data} = event.data;
    const line = (level, text) => {
      log.append(h("p", {class: level}, time(event.data.created_at), text));
      log.scrollTop = log.scrollHeight;
    };
    if (type === "state") line(data.state === "FAILED" ? "error" : "info", stateLine(event.data));
    else if (type === "log") line(data.level ?? event.data.level, data.message ?? "");
    else if (type === "progress" && phase(data.phase) !== note.last) {
      note.last = phase(data.phase);
      line("info", note.last);
    }
  }

  draw();
  if (ended(job.state)) await finish();
  await follow(`${path}/events`, {
    signal,
    onState: linkState,
    onEvent: (event) => {
      const {type, data} = event.data;
      events.push(event.data);
      note(event);
      if (type === "progress" && !ended(job.state)) { job = {...job, progress: data}; draw(); }
      if (type === "experts" && !ended(job.state)) { layers.set(data.layer, data); drawExperts(); }
      if (type === "contract") fill(contract, contractCard(data));
      if (type === "ladder" && !ended(job.state)) drawSizes(data.sizes, data.of);
      if (type === "state") {
        if (ended(data.state)) finish().then(drawTimeline).catch((failure) => fill(results, refusal(failure)));
        else if (!ended(job.state)) get(path, signal).then((it) => { job = it; draw(); }).catch(() => {});
      }
      drawTimeline();
      return type === "state" && ended(data.state);
    },
  });
  linkState(true);
}

function expertTable(layers) {
  const lines = [...layers].sort((a, b) => a.layer - b.layer).flatMap((layer) => layer.experts.map((it) =>
    [layer.layer, it.expert, it.tokens, it.share, it.score_sum, it.score_mean, it.under_utilized]));
  return [["layer", "expert", "tokens", "share", "score_sum", "score_mean", "under_utilized"], lines];
}

async function optional(path, signal) {
  try {
    return await get(path, signal);
  } catch (failure) {
    if (failure instanceof Refused) return null;
    throw failure;
  }
}

/** The plan of a finished job, where its model is still there. */
async function planOf(id, signal) {
  try {
    const {spec} = await get(`/v1/jobs/${id}?include=spec`, signal);
    return await post("/v1/plans", spec, signal);
  } catch (failure) {
    if (failure instanceof Refused) return null;
    throw failure;
  }
}

function header(job, changed) {
  const running = ended(job.state) ? duration(seconds(job.started_at, job.finished_at)) : duration(job.progress?.estimated_remaining_seconds);
  const result = job.result ?? {};
  return h("section", {class: "card"},
    h("div", {class: "heading"}, stateBadge(job.state), h("h1", {class: "grow"}, job.model), h("div", {class: "row actions"}, actions(job, changed))),
    h("p", {class: "sub"}, `${job.owner} · created `, time(job.created_at), job.licence ? ` · licence ${job.licence}` : "", job.attempt > 1 ? ` · attempt ${job.attempt}` : "", Object.entries(job.labels ?? {}).map(([name, value]) => [" ", h("span", {class: "tag"}, `${name}=${value}`)])),
    job.state === "SUCCEEDED" ? null : h("div", {}, progressBar(job), h("p", {class: "sub"}, doing(job))),
    job.error ? h("div", {class: "notice bad"}, h("b", {}, job.error.code), " ", job.error.message) : null,
    h("div", {class: "figures"},
      qualityFigures(result),
      result.bytes ? figure(`${bytes(result.bytes.before)} → ${bytes(result.bytes.after)}`, "Size", change(result.bytes.before, result.bytes.after, 1)) : null,
      result.bits_per_weight ? figure(number(result.bits_per_weight, 2), "Bits per weight", "scales counted in") : null,
      figure(running, ended(job.state) ? "Took" : "Left", ended(job.state) ? "" : percent(job.progress?.fraction, 0))));
}

/** How good the result is, as far as the job measured it. */
function qualityFigures({perplexity, divergence, choices}) {
  const interval = (it, text) => `${text(it.low)} to ${text(it.high)}`;
  const share = (it) => percent(it, 1);
  return [
    perplexity ? pair(perplexity, number, "Perplexity") : null,
    divergence ? figure(number(divergence.mean.value), "KL divergence", interval(divergence.mean, number)) : null,
    divergence?.top_one_agreement ? figure(share(divergence.top_one_agreement.value), "Same top token", interval(divergence.top_one_agreement, share)) : null,
    choices ? pair({before: choices.before?.value, after: choices.after.value}, share, "Questions answered") : null];
}

// A model that was measured alone has no figure before.
function pair({before, after}, text, label) {
  return before === undefined || before === null ? figure(text(after), label, "") : figure(`${text(before)} → ${text(after)}`, label, change(before, after));
}

function stateLine({data, attempt}) {
  const words = {QUEUED: "Queued", RUNNING: `Attempt ${attempt} begins`, SUCCEEDED: "Succeeded", FAILED: "Failed", CANCELLED: "Cancelled"};
  return `${words[data.state] ?? data.state}${data.error?.message ? `: ${data.error.message}` : ""}`;
}

/** Durations of the phases of the last attempt, read off its events. */
function phases(events, job) {
  const marks = [];
  for (const event of events) {
    if (event.type === "state" && event.data.state === "RUNNING") marks.length = 0;
    if (event.type === "progress" && marks.at(-1)?.name !== event.data.phase) marks.push({name: event.data.phase, at: new Date(event.created_at)});
  }
  const last = ended(job.state) ? new Date(job.finished_at) : new Date(events.at(-1)?.created_at ?? Date.now());
  return marks.map((mark, i) => {
    const spent = ((marks[i + 1]?.at ?? last) - mark.at) / 1000;
    return {name: phase(mark.name), value: Math.max(spent, 0.001), text: spent < 10 ? `${spent.toFixed(1)} s` : duration(spent)};
  });
}

function specCard(job, report) {
  const spec = JSON.stringify(job.spec, null, 2);
  return card("Specification",
    h("div", {class: "row actions"}, h("a", {class: "button small", href: `#/new?from=${job.id}`}, "Use as a new job"),
      saveButton("Save as JSON", "job.json", "application/json", () => spec)),
    report ? h("p", {class: "sub"}, `${count(report.linears?.length)} quantized modules, ${report.versions ? Object.entries(report.versions).map(([name, it]) => `${name} ${it}`).join(", ") : ""}`) : null,
    h("details", {}, h("summary", {}, "The job as it was posted"), h("pre", {tabindex: "0"}, spec)));
}
