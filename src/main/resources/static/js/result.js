// A finished result: its files, and the commands that serve it.

import {copyable, h, toast} from "./dom.js";
import {address, download} from "./api.js";
import {bytes} from "./format.js";
import {card, saveButtons} from "./parts.js";

/** Below the folder the artifacts are downloaded to. */
function commands(job, format) {
  const folder = `${job.model.split("/").at(-1)}-${format ?? "quantized"}`;
  const gguf = job.result.artifacts.find((it) => it.name.endsWith(".gguf"));
  const fetch = `./alphaquant download ${job.id} --to ${folder} --url ${address("").replace(/\/$/, "")}`;
  if (gguf) return {Download: fetch, "llama.cpp": `llama-server -m ${folder}/${gguf.name}`};
  return {
    Download: fetch,
    vLLM: `vllm serve ./${folder}`,
    SGLang: `python3 -m sglang.launch_server --model-path ./${folder}`,
    transformers: `from transformers import AutoModelForCausalLM, AutoTokenizer\nmodel = AutoModelForCausalLM.from_pretrained("./${folder}", device_map="auto")\ntokenizer = AutoTokenizer.from_pretrained("./${folder}")`,
  };
}

export function serveCard(job, format) {
  return card("Serve it", Object.entries(commands(job, format)).map(([name, text]) => h("div", {class: "labelled"}, h("h3", {}, name), copyable(text))));
}

export function artifactsCard(job) {
  return card("Files", h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Name"), h("th", {class: "num"}, "Size"), h("th", {}, "SHA-256"))),
    h("tbody", {}, job.result.artifacts.map((it) => h("tr", {},
      h("td", {}, h("a", {href: address(`/v1/jobs/${job.id}/artifacts/${it.name}`), onclick: (event) => {
        event.preventDefault();
        download(`/v1/jobs/${job.id}/artifacts/${it.name.split("/").map(encodeURIComponent).join("/")}`, it.name.split("/").at(-1)).catch((failure) => toast(failure.message));
      }}, it.name)),
      h("td", {class: "num"}, bytes(it.bytes)),
      h("td", {}, h("code", {title: it.sha256}, it.sha256.slice(0, 12), "…"))))))),
  saveButtons("files", {data: () => job.result.artifacts, table: () => [["name", "bytes", "sha256"], job.result.artifacts.map((it) => [it.name, it.bytes, it.sha256])]}));
}
