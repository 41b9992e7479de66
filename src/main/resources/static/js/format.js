// Numbers, sizes and times as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Decimal units, as disks and downloads are measured. */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) { value /= 1000; unit++; }
  return `${unit > 0 && value < 10 ? value.toFixed(2) : Math.round(value)} ${UNITS[unit]}`;
}

export function number(value, digits = 4) {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** Nats, and other figures that are good the nearer to nothing they are: two digits at least. */
export function small(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  return value === 0 || Math.abs(value) >= 0.01 ? value.toFixed(4) : Math.abs(value) >= 1e-5 ? value.toPrecision(2) : value.toExponential(1);
}

export function count(value) {
  return value === null || value === undefined ? "–" : Intl.NumberFormat().format(value);
}

export function percent(fraction, digits = 1) {
  return typeof fraction === "number" && Number.isFinite(fraction) ? `${(100 * fraction).toFixed(digits)} %` : "–";
}

export function change(before, after, digits = 2) {
  if (!(before > 0) || !Number.isFinite(after)) return "–";
  const value = 100 * (after / before - 1);
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)} %`;
}

/** Seconds below a minute (tenths of them below ten, where asked for), then minutes, then hours: always with a unit. */
export function duration(seconds, tenths = false) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (tenths && seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.max(0, Math.round(seconds));
  const two = (it) => String(it).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)} h`;
}

const WHEN = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});
const CLOCK = new Intl.DateTimeFormat(undefined, {timeStyle: "medium"});
const TODAY = new Intl.DateTimeFormat(undefined, {dateStyle: "medium"});

/** In the viewer's time zone; today's times without the date. */
export function when(text) {
  if (!text) return "–";
  const time = new Date(text);
  return TODAY.format(time) === TODAY.format(new Date()) ? CLOCK.format(time) : WHEN.format(time);
}

export function fullTime(text) {
  return text ? WHEN.format(new Date(text)) : "";
}

export function seconds(from, to) {
  return from ? (new Date(to ?? Date.now()) - new Date(from)) / 1000 : NaN;
}

const PHASES = {
  download: "Downloading", prepare: "Preparing", write_text: "Writing text to calibrate on", weigh_text: "Weighing the text by the traffic", evaluate_before: "Evaluating the original", calibrate: "Calibrating", allocate: "Choosing formats",
  quantize: "Quantizing", sample: "Writing text to train on", distill: "Training", write: "Writing", evaluate_after: "Evaluating the result", upload: "Uploading the result",
};

/** @param kind of the job: an evaluation has no result but the model itself */
export function phase(name, kind) {
  if (kind === "evaluation" && name === "evaluate_after") return "Evaluating the model";
  return PHASES[name] ?? (name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : "");
}

/** RFC 4180: cells that a spreadsheet reads as they are, and takes for no formula. */
export function csv(head, rows) {
  const cell = (value) => {
    const text = String(value ?? "");
    const inert = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
  };
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}
