// A finished result: its files, and the commands that serve it.

import {copyable, fill, h, toast} from "./dom.js";
import {address, authorization, download, key, tokens} from "./api.js";
import {NAMES, verdict} from "./engines.js";
import {bytes} from "./format.js";
import {card, saveButtons} from "./parts.js";

/** A name for a folder that no shell reads anything into. */
function shellWord(text) {
  return text.replaceAll(/[^\w.+-]+/g, "-");
}

/** Of a folder of the result: the commands by engine. */
function commands(folder, gguf) {
  if (gguf) return {"llama.cpp": `llama-server -m ./${folder}/${gguf}`};
  return {
    vllm: `vllm serve ./${folder}`,
    sglang: `python3 -m sglang.launch_server --model-path ./${folder}`,
    transformers: `from transformers import AutoModelForCausalLM, AutoTokenizer\nmodel = AutoModelForCausalLM.from_pretrained("./${folder}", device_map="auto")\ntokenizer = AutoTokenizer.from_pretrained("./${folder}")`,
  };
}

/** The first file of GGUF below a folder of the result; the first of several is the one that is named. */
function ggufBelow(job, size) {
  const prefix = size ? `${size}/` : "";
  return job.result.artifacts.map((it) => it.name).filter((it) => it.startsWith(prefix) && it.endsWith(".gguf")).sort()[0]?.slice(prefix.length);
}

function labelled(name, text, ...notes) {
  return h("div", {class: "labelled"}, h("h3", {}, name), copyable(text), notes);
}

/** How to get the result: by the terminal client, or by curl alone. */
function downloads(job, folder) {
  return [labelled("Download", `./alphaquant download ${job.id} \\\n  --to ${folder} --url ${address("").replace(/\/$/, "")}`),
    labelled("Download without the client", `mkdir -p ${folder}\ncurl -fsS${authorization()} \\\n  ${address(`/v1/jobs/${job.id}/artifacts.tar`)} |\n  tar -x -C ${folder}`),
    key() || tokens() ? h("p", {class: "sub"}, "Both read your key from the variable ", h("code", {}, "ALPHAQUANT_KEY"), ".") : null];
}

/**
 * The commands that fetch and serve a result; of a ladder one size after another.
 *
 * @param engines what each engine makes of it, as far as that is known
 */
export function serveCard(job, engines) {
  const sizes = job.result.ladder?.map((it) => it.name);
  if (!sizes && !job.result.bytes) return null;
  const folder = shellWord(`${job.model.split("/").at(-1)}-${sizes ? "ladder" : job.spec.output?.format?.replace("auto", "quantized") ?? "quantized"}`);
  const serving = (size) => Object.entries(commands(size ? `${folder}/${shellWord(size)}` : folder, ggufBelow(job, size))).map(([engine, text]) =>
    labelled(NAMES[engine], text, verdict(engines?.[engine])));
  if (!sizes) return card("Serve it", downloads(job, folder), serving());
  const commandsOf = h("div", {class: "shell"}, serving(sizes[0]));
  const size = h("select", {onchange: () => fill(commandsOf, serving(size.value))}, sizes.map((it) => h("option", {value: it}, it)));
  return card("Serve it", downloads(job, folder), h("label", {}, "Size", size), commandsOf);
}

/** What a tab keeps in memory at most; larger files with a key go straight to disk, where the browser lets them. */
const LARGEST_IN_MEMORY = 500e6;

function link(job, it) {
  const path = `/v1/jobs/${job.id}/artifacts/${it.name.split("/").map(encodeURIComponent).join("/")}`;
  return h("a", {href: address(path), onclick: (event) => {
    event.preventDefault();
    download(path, it.name.split("/").at(-1), it.bytes > LARGEST_IN_MEMORY).catch((failure) => toast(failure.message));
  }}, it.name.split("/").at(-1));
}

function fileTable(job, files) {
  return h("div", {class: "scroll"}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Name"), h("th", {class: "num"}, "Size"), h("th", {}, "SHA-256"))),
    h("tbody", {}, files.map((it) => h("tr", {}, h("td", {}, link(job, it)), h("td", {class: "num"}, bytes(it.bytes)),
      h("td", {}, h("code", {title: it.sha256}, it.sha256.slice(0, 12), "…")))))));
}

/** The files, those in folders (a ladder's sizes) folded up. */
export function artifactsCard(job) {
  const folders = new Map();
  for (const it of job.result.artifacts) {
    const folder = it.name.includes("/") ? it.name.slice(0, it.name.lastIndexOf("/")) : "";
    folders.set(folder, [...folders.get(folder) ?? [], it]);
  }
  const sum = (files) => bytes(files.reduce((all, it) => all + it.bytes, 0));
  return card("Files",
    [...folders].map(([folder, files]) => folder === "" ? fileTable(job, files)
      : h("details", {}, h("summary", {}, folder, h("span", {class: "sub"}, ` · ${files.length} files, ${sum(files)}`)), fileTable(job, files))),
    saveButtons("files", {data: () => job.result.artifacts, table: () => [["name", "bytes", "sha256"], job.result.artifacts.map((it) => [it.name, it.bytes, it.sha256])]}));
}
