// Parts that several views show.

import {h, saveButton} from "./dom.js";
import {bytes, csv, fullTime, percent, phase, when} from "./format.js";

export const STATES = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"];

export function ended(state) {
  return state === "SUCCEEDED" || state === "FAILED" || state === "CANCELLED";
}

export function stateBadge(state) {
  return h("span", {class: `state ${state.toLowerCase()}`}, state.toLowerCase());
}

export function time(text) {
  return h("time", {datetime: text, title: fullTime(text)}, when(text));
}

export function progressBar(job) {
  const {fraction: done, transfer} = job.progress ?? {};
  const fraction = job.state === "SUCCEEDED" ? 1 : done ?? (transfer?.total_bytes ? transfer.bytes / transfer.total_bytes : 0);
  if (!fraction && job.state !== "RUNNING") return null;
  const bar = h("div", {class: `bar ${job.state === "SUCCEEDED" ? "done" : ended(job.state) ? "ended" : ""}`, role: "progressbar",
    "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(100 * fraction))}, h("i"));
  bar.firstChild.style.width = `${100 * fraction}%`;
  return bar;
}

/** What a phase goes through where that is not layers. */
const UNITS = {prepare: "tensor", write_text: "text", allocate: "part", sample: "text", distill: "step", write: "module"};

/** What the job is doing, or waits for, in a few words. */
export function doing(job) {
  if (job.state === "QUEUED") return waiting(job.waiting_reason);
  if (job.state === "RUNNING") {
    const {progress} = job;
    if (!progress) return "starting";
    if (progress.transfer) return `${phase(progress.phase, job.kind)} · ${transferred(progress.transfer)}`;
    const layer = progress.layers > 1 && progress.layer !== null ? `, ${UNITS[progress.phase] ?? "layer"} ${Math.min(progress.layer + 1, progress.layers)} of ${progress.layers}` : "";
    return `${phase(progress.phase, job.kind)}${layer} · ${percent(progress.fraction, 0)}`;
  }
  if (job.state === "FAILED") return job.error?.message ?? "";
  return "";
}

const KINDS = {evaluation: "evaluation", repack: "repacking", calibration: "kept calibration"};

/** What kind of work it is, and for one job (lists have no specification) what the weights become. */
export function method(job) {
  if (job.kind !== "quantization") return KINDS[job.kind] ?? job.kind;
  const {spec, result} = job;
  const scheme = spec?.config?.default;
  return [job.recipe,
    spec?.ladder || result?.ladder ? `ladder of ${(result?.ladder ?? spec.ladder).length} sizes` : null,
    spec?.contract ? "contract" : null,
    spec?.budget ? `budget of ${spec.budget.bits_per_weight ? `${spec.budget.bits_per_weight} bits` : bytes(spec.budget.bytes)}` : null,
    scheme?.wq && !spec.ladder && !spec.contract && !spec.budget ? `${scheme.wq}${scheme.group_size > 0 ? ` g${scheme.group_size}` : ""}` : null,
    !spec && result?.bits_per_weight ? `${result.bits_per_weight.toFixed(2)} bits` : null].filter(Boolean).join(" · ");
}

function transferred({bytes: done, total_bytes: total, bytes_per_second: rate}) {
  return `${bytes(done)} of ${bytes(total)}${rate ? `, ${bytes(rate)} a second` : ""}`;
}

const REASONS = {
  next: "next in the queue", quota: "its owner has as many jobs running as one may have",
  "no-worker": "no worker is there", "no-worker-with-enough-devices": "no worker has enough devices",
  "no-worker-with-enough-memory": "no worker has enough memory",
};

function waiting(reason) {
  if (!reason) return "waiting";
  if (reason.startsWith("retry-at-")) return `tried again at ${when(reason.slice(9))}`;
  const behind = reason.match(/^behind-(\d+)-jobs$/);
  if (behind) return `behind ${behind[1]} job${behind[1] === "1" ? "" : "s"}`;
  return REASONS[reason] ?? reason;
}

export function figure(value, label, note) {
  return h("div", {class: "figure"}, h("span", {}, label), h("b", {}, value), note ? h("span", {}, note) : null);
}

export function card(title, ...children) {
  return h("section", {class: "card"}, h("div", {class: "heading"}, h("h2", {}, title)), ...children);
}

/** A problem of the service: its sentence, and every fault with its place. */
export function refusal(failure) {
  const faults = failure.faults ?? [];
  if (faults.length === 0) return h("div", {class: "notice bad", role: "alert"}, failure.message);
  return h("div", {class: "notice bad", role: "alert"}, faults.map((it) => h("p", {}, h("code", {}, it.pointer), " ", it.detail, allowed(it.allowed))));
}

function allowed(values) {
  if (values === undefined || values === null) return "";
  return `; right would be ${Array.isArray(values) ? values.join(", ") : values}`;
}

/** Offers what a view shows as a table and as JSON; `table` and `data` are asked when a button is pressed. */
export function saveButtons(name, {table, data}) {
  return h("div", {class: "row actions"},
    saveButton("CSV", `${name}.csv`, "text/csv", () => csv(...table())),
    saveButton("JSON", `${name}.json`, "application/json", () => JSON.stringify(data(), null, 2)));
}
