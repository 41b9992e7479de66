// Small charts as SVG: they take the theme's colours, print, and are read by screen readers through their titles.

import {h} from "./dom.js";

/** Less where the screen is narrow, so that its text stays as large. */
let WIDTH = 640;
const HEIGHT = 260;
const PAD = {left: 74, right: 14, top: 12, bottom: 40};

/** Round numbers across a range, at most about `most` of them. */
export function ticks(from, to, most = 5) {
  const span = to - from || Math.abs(to) || 1;
  const step = 10 ** Math.floor(Math.log10(span / most));
  const unit = [1, 2, 5, 10].find((it) => span / (it * step) <= most) * step;
  const values = [];
  for (let value = Math.ceil(from / unit) * unit; value <= to + unit * 1e-9; value += unit) values.push(Number(value.toPrecision(12)));
  return values;
}

function scale(from, to, low, high) {
  return (value) => (to === from ? (low + high) / 2 : low + ((value - from) / (to - from)) * (high - low));
}

function range(values) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const room = (most - least || Math.abs(most) || 1) * 0.06;
  return [least - room, most + room];
}

function measure() {
  WIDTH = innerWidth < 700 ? 400 : 640;
}

function frame(title, x, y, xLabel, yLabel, format) {
  const bottom = HEIGHT - PAD.bottom;
  return h("svg", {class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": title}, h("title", {}, title),
    (y.ticks ?? ticks(...y.range)).map((value) => [
      h("line", {class: "axis", x1: PAD.left, x2: WIDTH - PAD.right, y1: y.at(value), y2: y.at(value)}),
      h("text", {x: PAD.left - 6, y: y.at(value) + 4, "text-anchor": "end"}, format.y(value))]),
    ticks(...x.range, WIDTH / 80).map((value) => h("text", {x: x.at(value), y: bottom + 16, "text-anchor": "middle"}, format.x(value))),
    h("line", {class: "axis", x1: PAD.left, x2: WIDTH - PAD.right, y1: bottom, y2: bottom}),
    h("text", {x: (PAD.left + WIDTH - PAD.right) / 2, y: HEIGHT - 6, "text-anchor": "middle"}, xLabel),
    h("text", {x: 12, y: HEIGHT / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${HEIGHT / 2})`}, yLabel));
}

function axes(points, xOf, yOf, zero) {
  const xRange = range(points.map(xOf));
  const yRange = range(zero ? [0, ...points.map(yOf)] : points.map(yOf));
  if (zero) yRange[0] = 0;
  return {
    x: {range: xRange, at: scale(...xRange, PAD.left, WIDTH - PAD.right)},
    y: {range: yRange, at: scale(...yRange, HEIGHT - PAD.bottom, PAD.top)},
  };
}

/** Lines over whole numbers: `series` is [{name, points: [[x, y]]}]. */
export function lineChart({title, series, xLabel, yLabel, formatY}) {
  measure();
  const all = series.flatMap((it) => it.points);
  const {x, y} = axes(all, (it) => it[0], (it) => it[1], true);
  const chart = frame(title, x, y, xLabel, yLabel, {x: (value) => (Number.isInteger(value) ? String(value) : ""), y: formatY});
  series.forEach((it, i) => {
    const line = h("polyline", {fill: "none", "stroke-width": "2", "stroke-linejoin": "round", points: it.points.map(([a, b]) => `${x.at(a)},${y.at(b)}`).join(" ")});
    line.style.stroke = `var(--series-${(i % 8) + 1})`;
    chart.append(line, it.points.map(([a, b]) => {
      const dot = h("circle", {cx: x.at(a), cy: y.at(b), r: "3"}, h("title", {}, `${it.name}, ${xLabel} ${a}: ${formatY(b)}`));
      dot.style.fill = `var(--series-${(i % 8) + 1})`;
      return dot;
    }).reduce((group, dot) => { group.append(dot); return group; }, h("g")));
  });
  return h("figure", {class: "scroll"}, chart, legend(series.map((it) => it.name)));
}

export function legend(names) {
  return h("div", {class: "legend"}, names.map((name, i) => {
    const swatch = h("i", {class: "swatch"});
    swatch.style.background = `var(--series-${(i % 8) + 1})`;
    return h("span", {}, swatch, name);
  }));
}

/** Points that no other beats in both coordinates (less is better), by x. */
export function pareto(points) {
  let best = Infinity;
  return [...points].sort((a, b) => a.x - b.x || a.y - b.y).filter((it) => {
    if (it.y >= best) return false;
    best = it.y;
    return true;
  });
}

/** Ranges over which a linear axis would press most points into one line. */
const WIDE = 20;

/** A scatter with its Pareto line: `points` is [{x, y, name, onClick}]. Positive figures that differ widely stand on a logarithmic axis. */
export function scatter({title, points, xLabel, yLabel, formatX, formatY}) {
  measure();
  const {x, y} = axes(points, (it) => it.x, (it) => it.y, false);
  x.at = scale(...x.range, PAD.left, WIDTH - PAD.right - Math.min(WIDTH / 4, Math.max(...points.map((it) => width(it.name)))));
  const least = Math.min(...points.map((it) => it.y));
  const most = Math.max(...points.map((it) => it.y));
  if (least > 0 && most / least > WIDE) logarithmic(y, least, most);
  const labels = points.map((it) => ({left: x.at(it.x) - 7, top: y.at(it.y) - 7, width: 14}));
  const chart = frame(title, x, y, xLabel, yLabel, {x: formatX, y: formatY});
  chart.append(h("polyline", {class: "pareto", points: pareto(points).map((it) => `${x.at(it.x)},${y.at(it.y)}`).join(" ")}));
  points.forEach((it, i) => {
    const dot = h("circle", {cx: x.at(it.x), cy: y.at(it.y), r: "6", tabindex: "0", role: "link", "aria-label": `${it.name}: ${formatX(it.x)}, ${formatY(it.y)}`, onclick: it.onClick,
      onkeydown: (event) => { if (event.key === "Enter") it.onClick(); }}, h("title", {}, `${it.name}: ${formatX(it.x)}, ${formatY(it.y)}`));
    dot.style.fill = `var(--series-${(i % 8) + 1})`;
    dot.style.cursor = "pointer";
    chart.append(dot, label(it.name, x.at(it.x), y.at(it.y), labels));
  });
  return h("figure", {class: "scroll"}, chart);
}

function logarithmic(y, least, most) {
  const power = scale(Math.log10(least / 1.5), Math.log10(most * 1.5), HEIGHT - PAD.bottom, PAD.top);
  y.at = (value) => power(Math.log10(value));
  y.ticks = [];
  for (let decade = Math.floor(Math.log10(least)); decade <= Math.log10(most); decade++) {
    y.ticks.push(...[1, 3].map((it) => it * 10 ** decade).filter((it) => it >= least / 1.5 && it <= most * 1.5));
  }
}

/** About how wide a name is drawn. */
function width(name) {
  return 6.6 * name.length;
}

/** A point's name where no other name stands: beside it, then above or below. */
function label(name, x, y, taken) {
  const long = width(name);
  const places = [[10, -8], [-10, -8], [10, 16], [-10, 16], [10, -22], [-10, -22], [10, 30], [-10, 30]].map(([dx, dy]) =>
    ({dx, dy, left: dx > 0 ? x + dx : x + dx - long, top: y + dy - 11}));
  const free = ({left, top}) => left > PAD.left && left + long < WIDTH && top > 0 && top < HEIGHT - PAD.bottom - 4
    && taken.every((it) => left > it.left + it.width || left + long < it.left || top > it.top + 13 || top + 13 < it.top);
  const place = places.find(free) ?? places[0];
  taken.push({...place, width: long});
  return h("text", {x: x + place.dx, y: y + place.dy, "text-anchor": place.dx > 0 ? "start" : "end"}, name);
}

/** One bar cut into parts: `parts` is [{name, value}]; parts of one name have one colour and are summed in the legend. */
export function stackedBar(parts, text) {
  const sums = new Map();
  for (const {name, value} of parts) {
    const {sum = 0, times = 0} = sums.get(name) ?? {};
    sums.set(name, {sum: sum + value, times: times + 1});
  }
  const total = parts.reduce((sum, it) => sum + it.value, 0) || 1;
  const names = [...sums.keys()];
  const lines = names.map((name) => `${name} · ${text(sums.get(name).sum)}${sums.get(name).times > 1 ? ` in ${sums.get(name).times} parts` : ""}`);
  const bar = h("div", {class: "phases", role: "img", "aria-label": lines.join("; ")});
  for (const {name, value} of parts) {
    const part = h("div", {title: `${name}: ${text(value)}`});
    part.style.flexGrow = String(value / total);
    part.style.background = `var(--series-${(names.indexOf(name) % 8) + 1})`;
    bar.append(part);
  }
  return h("div", {}, bar, legend(lines));
}
