// What each engine makes of a job's result, by the plan's own rules: it is planned for one after the other.

import {h} from "./dom.js";
import {post, Refused} from "./api.js";

const GENERAL = ["vllm", "sglang", "transformers"];
export const NAMES = {vllm: "vLLM", sglang: "SGLang", transformers: "transformers", "llama.cpp": "llama.cpp"};

/** By engine {refused, remarks}: sentences, each empty where there is nothing to say. */
export async function enginesOf(spec, signal) {
  const format = spec.output?.format;
  const engines = format === "gguf" || spec.kind === "repack" ? ["llama.cpp"] : GENERAL;
  const without = new Set((await planned(spec, null, signal)).remarks);
  return Object.fromEntries(await Promise.all(engines.map(async (engine) => {
    const {refused, remarks} = await planned(spec, engine, signal);
    return [engine, {refused, remarks: remarks.filter((it) => !without.has(it))}];
  })));
}

async function planned(spec, engine, signal) {
  try {
    const plan = await post("/v1/plans", {...spec, output: {...spec.output, target_runtime: engine}}, signal);
    return {refused: [], remarks: plan.warnings.map((it) => it.detail)};
  } catch (failure) {
    if (!(failure instanceof Refused)) throw failure;
    return {refused: failure.faults.length ? failure.faults.map((it) => it.detail) : [failure.message], remarks: []};
  }
}

/** One engine's answer in a line; its sentences unfold. */
export function verdict(it) {
  if (!it) return null;
  const all = [...it.refused, ...it.remarks];
  if (!all.length) return h("p", {class: "verdict good"}, "Nothing speaks against it.");
  return h("details", {class: `verdict ${it.refused.length ? "bad" : "warn"}`},
    h("summary", {}, it.refused.length ? "Does not load it" : `Loads it with ${it.remarks.length === 1 ? "a condition" : `${it.remarks.length} conditions`}`),
    h("ul", {}, all.map((text) => h("li", {}, text))));
}
