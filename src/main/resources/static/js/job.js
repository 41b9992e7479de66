// One job, from its plan to the command that serves its result; live while it runs.

import {fill, h, refill, saveButton, toast} from "./dom.js";
import {download, get, post, Refused} from "./api.js";
import {bytes, change, count, duration, number, percent, phase, seconds, small} from "./format.js";
import {actions} from "./jobs.js";
import {card, doing, ended, figure, method, progressBar, refusal, saveButtons, stateBadge, time} from "./parts.js";
import {heatMap} from "./heatmap.js";
import {stackedBar} from "./charts.js";
import {follow} from "./stream.js";
import {artifactsCard, serveCard} from "./result.js";
import {enginesOf} from "./engines.js";
import {contractCard} from "./contract.js";
import {ladderCard} from "./ladder.js";
import {allocationCard, errorsCard, expertCard, routersCard, schemesCard, trafficCard, warningsCard} from "./report.js";

const REPORT = "quantization_report.json";

export async function jobView({root, id, query, signal, go, replace, refresh, linkState}) {
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
  const wanted = {layer: Number(query.get("layer") ?? NaN), expert: Number(query.get("expert") ?? NaN)};
  const map = heatMap({onChoose: (layer, expert) => {
    Object.assign(wanted, {layer: layer.layer, expert: expert.expert});
    replace(`/jobs/${id}?layer=${wanted.layer}&expert=${wanted.expert}`);
    showChosen();
  }});
  const mapCard = card("Expert utilization", map.element, chosen, h("div", {class: "row actions"},
    saveButtons("experts", {table: () => expertTable(layers.values()), data: () => [...layers.values()]})));
  const logCard = card("Log", log, h("div", {class: "row actions"},
    h("button", {type: "button", class: "small", onclick: () => download(`${path}/log`, `${id}.log`).catch((failure) => toast(failure.message))}, "Save as text")));
  const timelineCard = card("Timeline", timeline);
  mapCard.hidden = true;
  timelineCard.hidden = true;

  fill(root, head, timelineCard, sizes, contract, mapCard, results, logCard, specCard(job, null));

  function draw() {
    refill(head, header(job, changed));
  }

  /** A job that runs again is followed anew, from its first event. */
  function changed(now) {
    if (!now) go("/jobs");
    else if (ended(job.state)) refresh();
    else { job = now; draw(); }
  }

  /** The expert that was chosen, or that the address names. */
  function showChosen() {
    const layer = layers.get(wanted.layer);
    const expert = layer?.experts.find((it) => it.expert === wanted.expert);
    if (expert) fill(chosen, expertCard(layer, expert, report));
  }

  function drawSizes(all, of) {
    fill(sizes, ladderCard(all, of, (name) => document.getElementById(`size-${name}`)?.focus()));
  }

  async function finish() {
    job = await get(path, signal);
    draw();
    if (!ended(job.state)) return;
    report = wrote(job, REPORT) ? await optional(`${path}/artifacts/${REPORT}`, signal) : null;
    const experts = calibrates(job) ? await optional(`${path}/experts`, signal) : null;
    experts?.data.forEach((it) => layers.set(it.layer, it));
    drawExperts();
    if (job.result?.ladder) drawSizes(job.result.ladder);
    if (report?.contract) fill(contract, contractCard(report.contract));
    drawResults();
    root.lastChild.replaceWith(specCard(job, report));
    // Planning takes the service a moment, and its engines' rules another.
    const plan = await planOf(id, report, signal);
    if (!plan) return;
    drawResults(plan);
    if (job.state === "SUCCEEDED" && !job.spec.budget) drawResults(plan, await enginesOf(plan.spec, signal));
  }

  function drawResults(plan, engines) {
    const succeeded = job.state === "SUCCEEDED";
    fill(results,
      succeeded ? serveCard(job, engines) : null,
      succeeded ? artifactsCard(job) : null,
      warningsCard(report?.warnings),
      report ? trafficCard(report) : null,
      report ? errorsCard(report) : null,
      routersCard(job.result?.divergence),
      report ? allocationCard(report) : null,
      plan && !job.spec.budget && job.kind !== "evaluation" ? schemesCard(plan, succeeded) : null);
  }

  function drawExperts() {
    mapCard.hidden = layers.size === 0;
    map.update([...layers.values()].sort((a, b) => a.layer - b.layer));
    showChosen();
  }

  function drawTimeline() {
    const parts = phases(events, job);
    timelineCard.hidden = parts.length === 0;
    fill(timeline, parts.length ? stackedBar(parts, (it) => duration(it, true)) : null);
  }

  function note(event) {
    const {type, data} = event.data;
    const line = (level, text) => {
      log.append(h("p", {class: level}, time(event.data.created_at), text));
      log.scrollTop = log.scrollHeight;
    };
    if (type === "state") line(data.state === "FAILED" ? "error" : "info", stateLine(event.data));
    else if (type === "log") line(data.level ?? event.data.level, data.message ?? "");
    else if (type === "progress" && phase(data.phase, job.kind) !== note.last) {
      note.last = phase(data.phase, job.kind);
      line("info", note.last);
    }
  }

  draw();
  const finished = ended(job.state) ? finish() : null;
  finished?.catch(() => {});
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
        drawTimeline();
        // Of an earlier attempt: the job was tried again.
        if (ended(data.state) && event.data.attempt < job.attempt) return false;
        if (ended(data.state)) return (finished ?? finish()).catch((failure) => { if (!signal.aborted) fill(results, refusal(failure)); }).then(() => { drawTimeline(); return ended(job.state); });
        if (!ended(job.state)) get(path, signal).then((it) => { job = it; draw(); }).catch(() => {});
      }
      drawTimeline();
      return false;
    },
  });
  linkState(true);
}

function wrote(job, name) {
  return job.result?.artifacts?.some((it) => it.name === name);
}

function calibrates(job) {
  return job.kind !== "evaluation" && job.kind !== "repack";
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

/** The plan of a finished job, where its model is still there; of a contract the one that was chosen. A ladder has none of its own. */
async function planOf(id, report, signal) {
  try {
    const {spec} = await get(`/v1/jobs/${id}?include=spec`, signal);
    if (spec.ladder || (spec.contract && !report?.contract?.config)) return null;
    if (spec.contract) Object.assign(spec, {contract: null, config: report.contract.config});
    const plan = await post("/v1/plans", spec, signal);
    return plan.schemes ? {...plan, spec} : null;
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
    h("p", {class: "sub"}, h("b", {}, method(job)), ` · ${job.owner} · created `, time(job.created_at), job.licence ? ` · licence ${job.licence}` : "", job.attempt > 1 ? ` · attempt ${job.attempt}` : "", Object.entries(job.labels ?? {}).map(([name, value]) => [" ", h("span", {class: "tag"}, `${name}=${value}`)])),
    ended(job.state) ? null : h("div", {}, progressBar(job), h("p", {class: "sub"}, doing(job))),
    job.error ? h("div", {class: "notice bad"}, h("b", {}, job.error.code), " ", job.error.message) : null,
    h("div", {class: "figures"},
      qualityFigures(result),
      result.bytes ? figure(`${bytes(result.bytes.before)} → ${bytes(result.bytes.after)}`, "Size", change(result.bytes.before, result.bytes.after, 1)) : null,
      result.bits_per_weight ? figure(number(result.bits_per_weight, 2), "Bits per weight", "scales counted in") : null,
      running === "–" ? null : figure(running, ended(job.state) ? "Took" : "Left", ended(job.state) ? "" : percent(job.progress?.fraction, 0))));
}

/** How good the result is, as far as the job measured it. */
function qualityFigures({perplexity, divergence, choices}) {
  const interval = (it, text) => `${text(it.low)} to ${text(it.high)}`;
  const share = (it) => percent(it, 1);
  return [
    perplexity ? pair(perplexity, number, "Perplexity", perplexity.after_interval ? interval(perplexity.after_interval, number) : "") : null,
    divergence ? figure(small(divergence.mean.value), "KL divergence", interval(divergence.mean, small)) : null,
    divergence?.top_one_agreement ? figure(share(divergence.top_one_agreement.value), "Same top token", interval(divergence.top_one_agreement, share)) : null,
    choices ? pair({before: choices.before?.value, after: choices.after.value}, share, "Questions answered", interval(choices.after, share)) : null];
}

// A model that was measured alone has no figure before.
function pair({before, after}, text, label, interval) {
  return before === undefined || before === null
    ? figure(text(after), label, interval)
    : figure(`${text(before)} → ${text(after)}`, label, [change(before, after), interval].filter(Boolean).join(" · "));
}

/** A running job's state is told again when somebody cancels it. */
function isCancelRequest(data) {
  return data.reason === "cancel-requested";
}

function stateLine({data, attempt}) {
  if (isCancelRequest(data)) return "Cancel requested";
  const words = {QUEUED: "Queued", RUNNING: `Attempt ${attempt} begins`, SUCCEEDED: "Succeeded", FAILED: "Failed", CANCELLED: "Cancelled"};
  return `${words[data.state] ?? data.state}${data.error?.message ? `: ${data.error.message}` : ""}`;
}

/** Durations of the phases of the last attempt, read off its events. */
function phases(events, job) {
  const marks = [];
  for (const event of events) {
    if (event.type === "state" && event.data.state === "RUNNING" && !isCancelRequest(event.data)) marks.length = 0;
    if (event.type === "progress" && marks.at(-1)?.name !== event.data.phase) marks.push({name: event.data.phase, at: new Date(event.created_at)});
  }
  const last = ended(job.state) ? new Date(job.finished_at) : new Date(events.at(-1)?.created_at ?? Date.now());
  return marks.map((mark, i) => {
    const spent = ((marks[i + 1]?.at ?? last) - mark.at) / 1000;
    return {name: phase(mark.name, job.kind), value: Math.max(spent, 0.001)};
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
