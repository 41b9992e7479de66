// Small charts as SVG: they take the theme's colours, print, and are read by screen readers through their titles.

import {h} from "./dom.js";

const WIDTH = 640;
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

function frame(title, x, y, xLabel, yLabel, format) {
  const bottom = HEIGHT - PAD.bottom;
  return h("svg", {class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": title}, h("title", {}, title),
    ticks(...y.range).map((value) => [
      h("line", {class: "axis", x1: PAD.left, x2: WIDTH - PAD.right, y1: y.at(value), y2: y.at(value)}),
      h("text", {x: PAD.left - 6, y: y.at(value) + 4, "text-anchor": "end"}, format.y(value))]),
    ticks(...x.range, 8).map((value) => h("text", {x: x.at(value), y: bottom + 16, "text-anchor": "middle"}, format.x(value))),
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

/** A scatter with its Pareto line: `points` is [{x, y, name, onClick}]. */
export function scatter({title, points, xLabel, yLabel, formatX, formatY}) {
  const {x, y} = axes(points, (it) => it.x, (it) => it.y, false);
  const chart = frame(title, x, y, xLabel, yLabel, {x: formatX, y: formatY});
  chart.append(h("polyline", {class: "pareto", points: pareto(points).map((it) => `${x.at(it.x)},${y.at(it.y)}`).join(" ")}));
  points.forEach((it, i) => {
    const dot = h("circle", {cx: x.at(it.x), cy: y.at(it.y), r: "6", tabindex: "0", role: "link", "aria-label": `${it.name}: ${formatX(it.x)}, ${formatY(it.y)}`, onclick: it.onClick,
      onkeydown: (event) => { if (event.key === "Enter") it.onClick(); }}, h("title", {}, `${it.name}: ${formatX(it.x)}, ${formatY(it.y)}`));
    dot.style.fill = `var(--series-${(i % 8) + 1})`;
    dot.style.cursor = "pointer";
    chart.append(dot, h("text", {x: x.at(it.x) + (x.at(it.x) > WIDTH - 140 ? -10 : 10), y: y.at(it.y) - 8, "text-anchor": x.at(it.x) > WIDTH - 140 ? "end" : "start"}, it.name));
  });
  return h("figure", {class: "scroll"}, chart);
}

/** One bar cut into parts: `parts` is [{name, value, text}]. */
export function stackedBar(parts) {
  const total = parts.reduce((sum, it) => sum + it.value, 0) || 1;
  const bar = h("div", {class: "phases", role: "img", "aria-label": parts.map((it) => `${it.name}: ${it.text}`).join("; ")});
  parts.forEach((it, i) => {
    const part = h("div", {title: `${it.name}: ${it.text}`});
    part.style.flexGrow = String(it.value / total);
    part.style.background = `var(--series-${(i % 8) + 1})`;
    bar.append(part);
  });
  return h("div", {}, bar, legend(parts.map((it) => `${it.name} · ${it.text}`)));
}
