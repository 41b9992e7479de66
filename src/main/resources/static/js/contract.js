// A contract: what was asked for, every plan that was tried, and the proof.

import {h} from "./dom.js";
import {bytes, number, percent, small} from "./format.js";
import {card, saveButtons} from "./parts.js";

const NAMES = {max_kl: "KL divergence at most", min_top1_agreement: "Same top token at least", min_router_agreement: "Same experts at least"};

function shown(name, value) {
  return name === "max_kl" ? small(value) : percent(value, 1);
}

/** One limit's figure with its interval. */
function term(it) {
  const text = `${shown(it.name, it.value)} (${shown(it.name, it.low)} to ${shown(it.name, it.high)})`;
  return h("td", {class: "num"}, text, it.holds ? null : [" ", h("span", {class: "tag"}, "fails")]);
}

/** @param contract as the report or the event of the type contract has it */
export function contractCard(contract) {
  if (!contract?.tried) return null;
  const names = (contract.tried[0]?.verdict.terms ?? []).map((it) => it.name);
  const tried = [...contract.tried].sort((a, b) => a.bytes - b.bytes);
  const chosen = JSON.stringify(contract.config ?? null);
  const outcome = contract.config
    ? h("p", {class: "notice good"}, `Kept, and proved on text that took no part: ${contract.proof.terms.map((it) => `${NAMES[it.name]} ${shown(it.name, it.limit)}, measured ${shown(it.name, it.value)}`).join("; ")}.`)
    : h("p", {class: "notice warn"}, "No plan keeps it.");
  return card("Contract", outcome,
    h("p", {class: "sub"}, `${contract.tried.length} of ${contract.candidates} plans were tried, smallest first here; ${contract.proofs} measured on the text of the proof.`),
    h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {class: "num"}, "Bytes"), h("th", {class: "num"}, "Bits"), names.map((it) => h("th", {class: "num"}, `${NAMES[it]} ${shown(it, contract.asked[it])}`)), h("th", {}, ""))),
      h("tbody", {}, tried.map((it) => h("tr", {}, h("td", {class: "num"}, bytes(it.bytes)), h("td", {class: "num"}, number(it.bits_per_weight, 2)),
        it.verdict.terms.map(term),
        h("td", {}, JSON.stringify(it.config) === chosen ? h("span", {class: "tag"}, "chosen") : it.verdict.holds ? "holds" : "")))))),
    saveButtons("contract", {data: () => contract, table: () => [["bytes", "bits_per_weight", "holds", ...names], tried.map((it) => [it.bytes, it.bits_per_weight, it.verdict.holds, ...it.verdict.terms.map((one) => one.value)])]}));
}
