// What the report of a finished job says: errors by layer, schemes, one expert.

import {h} from "./dom.js";
import {bytes, count, number, percent, small} from "./format.js";
import {card, saveButtons} from "./parts.js";
import {lineChart, stackedBar} from "./charts.js";

const MODULE = /\.layers\.(\d+)\.(.+)$/;

function place(module) {
  const match = module.match(MODULE);
  return match ? {layer: Number(match[1]), projection: match[2].split(".").at(-1), expert: match[2].match(/experts\.(\d+)\./)?.[1]} : null;
}

/** Mean relative output error of each projection, layer by layer. */
function errorSeries(linears) {
  const sums = new Map();
  for (const linear of linears) {
    const at = place(linear.module);
    if (!at || !Number.isFinite(linear.error_after)) continue;
    const name = at.expert === undefined ? at.projection : `experts ${at.projection}`;
    const layers = sums.get(name) ?? sums.set(name, new Map()).get(name);
    const sum = layers.get(at.layer) ?? layers.set(at.layer, [0, 0]).get(at.layer);
    sum[0] += linear.error_after;
    sum[1] += 1;
  }
  return [...sums].map(([name, layers]) => ({name, points: [...layers].sort((a, b) => a[0] - b[0]).map(([layer, [sum, n]]) => [layer, sum / n])}));
}

/** As many decimals as two digits of the largest value take. */
function decimals(values) {
  const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.max(...values, 1e-9))));
  return (it) => number(it, digits);
}

export function errorsCard(report) {
  const series = errorSeries(report.linears ?? []);
  if (!series.length) return null;
  return card("Error by layer and projection",
    lineChart({title: "Relative output error after quantization, by layer and projection", series, xLabel: "layer", yLabel: "relative error", formatY: decimals(series.flatMap((it) => it.points.map(([, error]) => error)))}),
    saveButtons("errors", {data: () => report.linears, table: () => [["module", "format", "group_size", "error_before", "error_after"],
      report.linears.map((it) => [it.module, it.format, it.group_size, it.error_before, it.error_after])]}));
}

/** Where quantization sends tokens to other experts than the original does. */
export function routersCard(divergence) {
  const layers = (divergence?.routers ?? []).filter((it) => it.changed);
  if (!layers.length) return null;
  return card("Router agreement",
    lineChart({title: "Share of tokens that keep their experts, by layer", series: [{name: "same experts", points: layers.map((it) => [it.layer, 1 - it.changed.value])}],
      xLabel: "layer", yLabel: "share of tokens", formatY: (it) => percent(it, 1)}),
    divergence.changed_experts && divergence.changed_routing ? h("p", {class: "sub"},
      `Of the divergence, ${small(divergence.changed_experts.value)} nats come from changed weights and ${small(divergence.changed_routing.value)} from tokens that go to other experts.`) : null,
    saveButtons("routers", {data: () => layers, table: () => [["layer", "changed", "low", "high"], layers.map((it) => [it.layer, it.changed.value, it.changed.low, it.changed.high])]}));
}

/** How near the calibration came to the traffic that it is fitted to. */
export function trafficCard(report) {
  const traffic = report?.calibration?.traffic;
  if (!traffic) return null;
  return card("Fitted to traffic",
    h("p", {class: "sub"}, `${percent(traffic.effective, 0)} of the text counts, in spans of ${count(traffic.span)} tokens.${traffic.origin ? ` Counts from ${traffic.origin}.` : ""}`),
    lineChart({title: "Distance of the experts' shares from the traffic's, by layer", xLabel: "layer", yLabel: "distance", formatY: (it) => percent(it, 0),
      series: [{name: "the text", points: traffic.layers.map((it) => [it.layer, it.before])}, {name: "the weighted text", points: traffic.layers.map((it) => [it.layer, it.after])}]}),
    traffic.unseen.length ? h("p", {class: "notice warn"}, `The traffic uses ${count(traffic.unseen.length)} experts that no calibration token reached.`) : null,
    saveButtons("traffic", {data: () => traffic, table: () => [["layer", "before", "after"], traffic.layers.map((it) => [it.layer, it.before, it.after])]}));
}

/** Warnings that are shown before the rest unfolds. */
const MOST_WARNINGS = 6;

export function warningsCard(warnings) {
  if (!warnings?.length) return null;
  const items = (some) => h("ul", {}, some.map((it) => h("li", {}, it)));
  return card("Warnings", h("div", {class: "notice warn"}, items(warnings.slice(0, MOST_WARNINGS)),
    warnings.length > MOST_WARNINGS ? h("details", {}, h("summary", {}, `${warnings.length - MOST_WARNINGS} more`), items(warnings.slice(MOST_WARNINGS))) : null));
}

/** What the run chose within a budget, and what other formats would have cost each part. */
export function allocationCard(report) {
  const chosen = report?.allocation;
  if (!chosen) return null;
  const cost = (it) => it === undefined ? "" : it.toPrecision(2);
  const shown = card("Formats within the budget",
    h("p", {class: "sub"}, `${number(chosen.bits_per_weight, 3)} bits a weight, ${bytes(chosen.bytes)} of ${bytes(chosen.budget_bytes)}; costs ${chosen.sensitivity}.`),
    h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Part"), h("th", {}, "Format"), h("th", {class: "num"}, "Bits"), chosen.formats.map((it) => h("th", {class: "num"}, it)))),
      h("tbody", {}, chosen.units.map((it) => h("tr", {}, h("td", {}, it.unit), h("td", {}, it.wq), h("td", {class: "num"}, number(it.bits_per_weight, 2)), chosen.formats.map((format) => h("td", {class: "num"}, cost(it.costs[format])))))))),
    saveButtons("allocation", {data: () => chosen, table: () => [["unit", "format", "bits_per_weight", "bytes", ...chosen.formats],
      chosen.units.map((it) => [it.unit, it.wq, it.bits_per_weight, it.bytes, ...chosen.formats.map((format) => it.costs[format])])]}));
  shown.classList.add("whole");
  return shown;
}

/** @param written whether this is what the result has; otherwise what it would have had */
export function schemesCard(plan, written) {
  return card(written ? "Bytes by scheme" : "Bytes by scheme, as planned", stackedBar(plan.schemes.map((it) => ({name: it.scheme, value: it.bytes})), bytes), schemeTable(plan),
    saveButtons("schemes", {data: () => plan, table: () => [["scheme", "inputs", "modules", "weights", "bits_per_weight", "bytes"],
      plan.schemes.map((it) => [it.scheme, it.aq, it.count, it.weights, it.bits_per_weight, it.bytes])]}));
}

export function schemeTable(plan) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Scheme"), h("th", {}, "Inputs"), h("th", {class: "num"}, "Modules"), h("th", {class: "num"}, "Weights"), h("th", {class: "num"}, "Bits"), h("th", {class: "num"}, "Bytes"))),
    h("tbody", {}, plan.schemes.map((it) => h("tr", {title: (it.modules ?? []).join("\n")}, h("td", {}, it.scheme), h("td", {}, it.aq), h("td", {class: "num"}, count(it.count)), h("td", {class: "num"}, count(it.weights)), h("td", {class: "num"}, number(it.bits_per_weight, 2)), h("td", {class: "num"}, bytes(it.bytes)))))));
}

export function expertCard(layer, expert, report) {
  const linears = (report?.linears ?? []).filter((it) => {
    const at = place(it.module);
    return at && at.layer === layer.layer && at.expert === String(expert.expert);
  });
  return h("div", {class: expert.under_utilized ? "notice warn" : "notice"},
    h("h3", {}, `Layer ${layer.layer}, expert ${expert.expert}`),
    h("dl", {class: "facts"},
      h("dt", {}, "Tokens"), h("dd", {}, `${count(expert.tokens)} of ${count(layer.tokens)} (each goes to ${layer.top_k ?? "?"})`),
      h("dt", {}, "Share"), h("dd", {}, `${percent(expert.share, 2)}, an even share is ${percent(1 / layer.experts.length, 2)}`),
      h("dt", {}, "Mean routing score"), h("dd", {}, number(expert.score_mean)),
      h("dt", {}, "Calibration"), h("dd", {}, expert.under_utilized ? "Too few tokens of its own: its Hessian leans on the layer's mean." : "Enough tokens of its own.")),
    linears.length ? h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Projection"), h("th", {}, "Format"), h("th", {class: "num"}, "Group"), h("th", {class: "num"}, "Error, rounded"), h("th", {class: "num"}, "Error, GPTQ"), h("th", {}, "Treatment"))),
      h("tbody", {}, linears.map((it) => h("tr", {}, h("td", {}, it.module.split(".").at(-1)), h("td", {}, it.format), h("td", {class: "num"}, it.group_size), h("td", {class: "num"}, number(it.error_before, 5)), h("td", {class: "num"}, number(it.error_after, 5)), h("td", {}, it.treatment ?? it.fallback ?? "own Hessian")))))) : null);
}
