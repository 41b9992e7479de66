// Layers by experts as a heat map on a canvas: 61 x 256 cells are drawn once, hovering only moves an outline.

import {fill, h} from "./dom.js";
import {count, number, percent} from "./format.js";

// Viridis (Smith and van der Walt, 2015): even steps to the eye, also without red or green, also in grey.
const RAMP = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37]];

function colour(fraction) {
  const place = Math.max(0, Math.min(1, fraction)) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(place));
  const part = place - low;
  return RAMP[low].map((it, i) => Math.round(it + part * (RAMP[low + 1][i] - it)));
}

/** Height of the row of expert numbers. */
const AXIS = 16;
/** Under-utilized experts that are named below the map. */
const MOST_NAMED = 12;

const METRICS = {
  share: {label: "share of tokens", of: (expert) => expert.share ?? 0, text: (value, width) => `${percent(value, 2)}, ${number(value * width, 2)} × an even share`},
  tokens: {label: "tokens", of: (expert) => expert.tokens, text: (value) => `${count(value)} tokens`},
  score: {label: "mean routing score", of: (expert) => expert.score_mean ?? 0, text: (value) => `mean score ${number(value, 3)}`},
};

/** Returns {element, update(layers)}; `onChoose` gets (layer, expert). */
export function heatMap({onChoose}) {
  let layers = [];
  let metric = METRICS.share;
  let cursor = null;
  const canvas = h("canvas", {tabindex: "0", role: "img", "aria-label": "Expert utilization"});
  const axis = h("canvas", {class: "axis", "aria-hidden": "true"});
  const line = h("output", {"aria-live": "polite"});
  const ramp = h("canvas", {class: "ramp", width: "144", height: "1", "aria-hidden": "true"});
  const low = h("span");
  const high = h("span");
  const choice = h("select", {"aria-label": "Colour by", onchange: () => { metric = METRICS[choice.value]; draw(); }},
    Object.entries(METRICS).map(([name, it]) => h("option", {value: name}, it.label)));
  const starving = h("div", {class: "starved"});
  const element = h("div", {class: "heat"},
    h("div", {class: "row"}, h("label", {}, "Colour by", choice), h("span", {class: "legend"}, h("span", {}, low, ramp, high), h("span", {}, h("i", {class: "swatch starved-mark"}), "under-utilized"))),
    canvas, axis, line, starving);
  const cells = document.createElement("canvas");

  const width = () => Math.max(1, ...layers.map((it) => it.experts.length));
  const rowHeight = () => Math.max(7, Math.min(24, Math.round(520 / Math.max(1, layers.length))));
  const margin = () => 34;

  function draw() {
    if (!layers.length || !canvas.isConnected) return;
    const ratio = devicePixelRatio || 1;
    const room = canvas.parentElement.clientWidth;
    canvas.width = Math.round(room * ratio);
    canvas.height = Math.round(rowHeight() * layers.length * ratio);
    canvas.style.height = `${rowHeight() * layers.length}px`;
    cells.width = canvas.width;
    cells.height = canvas.height;
    const values = layers.flatMap((layer) => layer.experts.map((it) => metric.of(it)));
    const most = Math.max(...values, 1e-12);
    paint(cells.getContext("2d"), ratio, most);
    numberExperts(ratio);
    fill(low, metric === METRICS.share ? "0 %" : "0");
    fill(high, metric === METRICS.share ? percent(most) : metric === METRICS.tokens ? count(most) : number(most, 2));
    const context = ramp.getContext("2d");
    for (let x = 0; x < ramp.width; x++) { context.fillStyle = `rgb(${colour(x / (ramp.width - 1))})`; context.fillRect(x, 0, 1, 1); }
    const starved = nameStarved();
    canvas.setAttribute("aria-label", `Expert utilization of ${layers.length} layers by ${width()} experts, ${starved} under-utilized. Arrow keys move, Enter opens an expert.`);
    show();
  }

  /** Names the under-utilized experts, those with the fewest tokens first; returns how many there are. */
  function nameStarved() {
    const all = layers.flatMap((layer) => layer.experts.filter((it) => it.under_utilized).map((expert) => ({layer, expert})));
    const shown = all.sort((a, b) => a.expert.tokens - b.expert.tokens).slice(0, MOST_NAMED);
    const experts = layers.reduce((sum, layer) => sum + layer.experts.length, 0);
    const leaning = all.some(({expert}) => expert.layer_share > 0) ? ", so they lean on their layer's average" : "";
    fill(starving, all.length ? h("span", {}, `${all.length} of ${experts} experts are under-utilized: few tokens of the calibration text reach them${leaning}. More text, or `, h("code", {}, "calibration.coverage"), ", reaches more. The emptiest first:") : h("span", {class: "sub"}, "No expert is under-utilized."),
      shown.map(({layer, expert}) => h("button", {type: "button", class: "small", onclick: () => onChoose(layer, expert)}, `layer ${layer.layer}, expert ${expert.expert} · ${count(expert.tokens)} ${expert.tokens === 1 ? "token" : "tokens"}`)),
      all.length > shown.length ? h("span", {class: "sub"}, `and ${all.length - shown.length} more`) : null);
    return all.length;
  }

  function paint(context, ratio, most) {
    const cell = (cells.width - margin() * ratio) / width();
    const height = rowHeight() * ratio;
    context.clearRect(0, 0, cells.width, cells.height);
    context.font = `${Math.min(11, rowHeight()) * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--muted");
    layers.forEach((layer, row) => {
      if (rowHeight() >= 10 || row % 5 === 0) { context.fillStyle = ink; context.fillText(String(layer.layer), 2 * ratio, (row + 0.5) * height); }
      layer.experts.forEach((expert, column) => {
        const gap = cell > 6 ? ratio : 0;
        const x = margin() * ratio + column * cell;
        context.fillStyle = `rgb(${colour(metric.of(expert) / most)})`;
        context.fillRect(x, row * height, Math.max(1, cell - gap), height - (rowHeight() > 8 ? ratio : 0));
        if (expert.under_utilized) {
          context.strokeStyle = "#ff6b4a";
          context.lineWidth = Math.max(ratio, Math.min(2.5 * ratio, cell / 6));
          context.strokeRect(x + context.lineWidth / 2, row * height + context.lineWidth / 2, Math.max(1, cell - gap - context.lineWidth), height - 2 * ratio - context.lineWidth / 2);
        }
      });
    });
  }

  /** Below the columns, at as many of them as have room. */
  function numberExperts(ratio) {
    axis.width = canvas.width;
    axis.height = AXIS * ratio;
    axis.style.height = `${AXIS}px`;
    const context = axis.getContext("2d");
    const cell = (axis.width - margin() * ratio) / width();
    const step = [1, 2, 4, 8, 16, 32, 64, 128].find((it) => it * cell >= 26 * ratio) ?? 256;
    context.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--muted");
    context.textBaseline = "middle";
    context.textAlign = "center";
    for (let column = 0; column < width(); column += step) context.fillText(String(column), margin() * ratio + (column + 0.5) * cell, AXIS * ratio / 2);
  }

  /** Blits the cells and puts the cursor's outline over them. */
  function show() {
    if (!cells.width || !cells.height) return;
    const context = canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(cells, 0, 0);
    if (!cursor) { line.textContent = "Rows are layers, columns experts. Hover or use the arrow keys for figures; click an expert to open it."; return; }
    const layer = layers[cursor.row];
    const expert = layer?.experts[cursor.column];
    if (!expert) return;
    const cell = (canvas.width - margin() * ratio) / width();
    context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--text");
    context.lineWidth = 2 * ratio;
    context.strokeRect(margin() * ratio + cursor.column * cell, cursor.row * rowHeight() * ratio, Math.max(3, cell), rowHeight() * ratio);
    line.textContent = `Layer ${layer.layer}, expert ${expert.expert}: ${metric.text(metric.of(expert), layer.experts.length)}`
      + (metric === METRICS.tokens ? "" : ` · ${count(expert.tokens)} tokens`) + (expert.under_utilized ? " · under-utilized" : "");
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - margin()) / ((box.width - margin()) / width()));
    const row = Math.floor((event.clientY - box.top) / rowHeight());
    return column >= 0 && row >= 0 && layers[row]?.experts[column] ? {row, column} : null;
  }

  function open() {
    if (cursor) onChoose(layers[cursor.row], layers[cursor.row].experts[cursor.column]);
  }

  const MOVES = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
  canvas.addEventListener("pointermove", (event) => { cursor = at(event); show(); });
  canvas.addEventListener("pointerleave", () => { cursor = null; show(); });
  canvas.addEventListener("click", (event) => { cursor = at(event); show(); open(); });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter") open();
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const from = cursor ?? {row: 0, column: -move[1]};
    const row = Math.max(0, Math.min(layers.length - 1, from.row + move[0]));
    cursor = {row, column: Math.max(0, Math.min(layers[row].experts.length - 1, from.column + move[1]))};
    show();
  });
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  document.addEventListener("theme", draw);
  return {element, update(now) { layers = now; draw(); }};
}
