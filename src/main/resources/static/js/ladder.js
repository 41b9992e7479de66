// The sizes of a ladder: a table, and size against what it costs.

import {h} from "./dom.js";
import {bytes, duration, number, percent, small} from "./format.js";
import {card, saveButtons} from "./parts.js";
import {scatter} from "./charts.js";

const FIELDS = ["name", "bits_per_weight", "bytes", "perplexity", "kl", "top_one_agreement", "best", "seconds"];

function row(it) {
  return [it.name, it.bits_per_weight, it.bytes?.after, it.perplexity?.after, it.divergence?.mean.value, it.divergence?.top_one_agreement?.value, it.best, it.seconds];
}

/** @param jump called with a size's name when its point is chosen */
export function ladderCard(sizes, of, jump) {
  if (!sizes?.length) return null;
  const [label, distance, format] = sizes.every((it) => it.divergence)
    ? ["KL divergence", (it) => it.divergence.mean.value, small]
    : ["Perplexity", (it) => it.perplexity?.after, number];
  const measured = sizes.filter((it) => it.bytes && Number.isFinite(distance(it)));
  return card(of && sizes.length < of ? `Sizes, ${sizes.length} of ${of}` : "Sizes",
    h("p", {class: "sub"}, `${sizes.some((it) => it.sequential) ? "Each size calibrated on its own quantized layers." : "All from one calibration of the original."} Left and down is better; the line joins what no other size beats in both.`),
    measured.length > 1 ? scatter({title: `${label} against size`, xLabel: "size", yLabel: label, formatX: bytes, formatY: format,
      points: measured.map((it) => ({x: it.bytes.after, y: distance(it), name: it.name, onClick: () => jump(it.name)}))}) : null,
    table(sizes),
    saveButtons("ladder", {data: () => sizes, table: () => [FIELDS, sizes.map(row)]}));
}

function table(sizes) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Size"), h("th", {class: "num"}, "Bits"), h("th", {class: "num"}, "Bytes"), h("th", {class: "num"}, "Perplexity"), h("th", {class: "num"}, "KL"), h("th", {class: "num"}, "Same top token"), h("th", {class: "num"}, "Took"), h("th", {}, ""))),
    h("tbody", {}, sizes.map((it) => h("tr", {id: `size-${it.name}`, tabindex: "-1"},
      h("td", {}, it.name), h("td", {class: "num"}, number(it.bits_per_weight, 2)), h("td", {class: "num"}, bytes(it.bytes?.after)),
      h("td", {class: "num"}, number(it.perplexity?.after)), h("td", {class: "num"}, small(it.divergence?.mean.value)),
      h("td", {class: "num"}, percent(it.divergence?.top_one_agreement?.value, 1)), h("td", {class: "num"}, duration(it.seconds)),
      h("td", {}, it.best ? h("span", {class: "tag"}, "best at its size") : ""))))));
}

/** The sizes of a plan; what a budget comes to is only known once its formats are chosen. */
export function plannedSizes(sizes) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Size"), h("th", {}, "Format"), h("th", {class: "num"}, "Bits"), h("th", {class: "num"}, "Bytes"))),
    h("tbody", {}, sizes.map((it) => h("tr", {}, h("td", {}, it.name), h("td", {}, it.format), h("td", {class: "num"}, number(it.bits_per_weight, 2)), h("td", {class: "num"}, it.bytes ? bytes(it.bytes) : "by budget"))))));
}
