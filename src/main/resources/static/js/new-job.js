// A new job: a form and its JSON, with the plan beside them.

import {copyable, fill, h, toast} from "./dom.js";
import {address, authorization, get, post, Refused} from "./api.js";
import {enginesOf, NAMES, verdict} from "./engines.js";
import {completing, patternsOf} from "./complete.js";
import {bytes, duration, number} from "./format.js";
import {card, refusal} from "./parts.js";
import {plannedSizes} from "./ladder.js";
import {schemeTable} from "./report.js";

const PLAN_AFTER = 400;

export async function newJobView({root, query, signal, go}) {
  const presets = (await get("/v1/presets", signal)).data;
  const models = await known(signal);
  const schema = await get("/v1/schemas/job", signal);
  const model = h("input", {name: "model", list: "models", required: true, placeholder: "a folder below a root, or a hub id", value: query.get("model") ?? ""});
  const preset = h("select", {name: "preset"}, h("option", {value: ""}, "none: the default, or your own"), presets.map((it) => h("option", {value: it.name}, it.title)));
  const method = schema.$defs.JobSpec.properties.recipe;
  const recipe = h("select", {name: "recipe", title: method.description}, method.enum.filter(Boolean).map((it) => h("option", {value: it}, it === method.default ? `${it} (the default)` : it)));
  recipe.value = method.default;
  const budget = h("input", {name: "budget", type: "number", min: "1", max: "16", step: "any", placeholder: "bits per weight", title: schema.$defs.Budget.description});
  const about = h("p", {class: "sub", hidden: true});
  const runtime = h("select", {name: "runtime"}, ["none", "vllm", "sglang", "transformers", "llama.cpp"].map((it) => h("option", {value: it}, it)));
  const format = h("select", {name: "format"}, ["auto", "compressed-tensors", "gptq", "quark", "mxfp4", "gguf", "dequantized"].map((it) => h("option", {value: it}, it)));
  const calibration = h("input", {name: "calibration", placeholder: "the service's own text"});
  const samples = h("input", {name: "samples", type: "number", min: "1", placeholder: "128"});
  const evaluation = h("input", {name: "evaluation", placeholder: "none"});
  const traffic = h("input", {name: "traffic", placeholder: "none, or a JSON file of counts"});
  const editor = h("textarea", {id: "body", name: "body", rows: "18", spellcheck: "false", "aria-describedby": "plan"});
  const plan = h("section", {class: "card", id: "plan", "aria-live": "polite"}, unplanned());
  const shell = h("div", {class: "shell"});
  const submit = h("button", {class: "primary", disabled: true}, "Post the job");
  let timer = null;
  let latest = null;
  let planning = new AbortController();

  function fromForm() {
    const body = parsed() ?? {};
    // What is half typed is not thrown away.
    if (editor.value.trim() && !parsed()) { changed(); return; }
    body.model = model.value.trim();
    setOrDelete(body, "recipe", recipe.value === method.default ? null : recipe.value);
    setOrDelete(body, "budget", budget.value ? {...body.budget, bits_per_weight: Number(budget.value)} : null);
    setOrDelete(body, "output", clean({...body.output, format: format.value === "auto" ? null : format.value, target_runtime: runtime.value === "none" ? null : runtime.value}));
    setOrDelete(body, "calibration", clean({...body.calibration, path: calibration.value.trim() || null, samples: samples.value ? Number(samples.value) : null}));
    if (traffic.value.trim() || typeof body.traffic?.expert_counts === "string") {
      setOrDelete(body, "traffic", traffic.value.trim() ? {...body.traffic, expert_counts: traffic.value.trim()} : null);
    }
    setOrDelete(body, "evaluation", clean({...body.evaluation, perplexity: perplexityOf(body.evaluation?.perplexity)}));
    editor.value = JSON.stringify(body, null, 2);
    changed();
  }

  /** Other texts than files below a root are for the editor. */
  function perplexityOf(given) {
    const path = evaluation.value.trim();
    if (path) return {...given, path};
    return given?.path ? null : given;
  }

  /** Shows in the form what a job has of it, so that a change there keeps the rest. */
  function toForm(spec) {
    showInForm(spec);
    editor.value = JSON.stringify(spec, null, 2);
    changed();
  }

  function showInForm(spec) {
    model.value = spec.model ?? "";
    recipe.value = spec.recipe ?? method.default;
    budget.value = spec.budget?.bits_per_weight ?? "";
    format.value = spec.output?.format ?? "auto";
    runtime.value = spec.output?.target_runtime ?? "none";
    calibration.value = spec.calibration?.path ?? "";
    samples.value = spec.calibration?.samples ?? "";
    evaluation.value = spec.evaluation?.perplexity?.path ?? "";
    traffic.value = typeof spec.traffic?.expert_counts === "string" ? spec.traffic.expert_counts : "";
    const like = presets.find((it) => JSON.stringify(it.config) === JSON.stringify(spec.config));
    preset.value = like?.name ?? "";
    describe(like);
  }

  function describe(chosen) {
    about.textContent = chosen?.description ?? "";
    about.hidden = !chosen;
  }

  function onEditor() {
    const body = parsed();
    if (body && typeof body === "object") showInForm(body);
    changed();
  }

  function onPreset() {
    const chosen = presets.find((it) => it.name === preset.value);
    describe(chosen);
    const body = parsed() ?? {};
    setOrDelete(body, "config", chosen?.config ?? null);
    editor.value = JSON.stringify(body);
    if (chosen?.output) {
      format.value = chosen.output.format ?? "auto";
      runtime.value = chosen.output.target_runtime ?? "none";
    }
    fromForm();
  }

  function parsed() {
    try {
      return JSON.parse(editor.value);
    } catch {
      return null;
    }
  }

  function changed() {
    submit.disabled = true;
    clearTimeout(timer);
    timer = setTimeout(replan, PLAN_AFTER);
    fill(shell, commands(editor.value));
  }

  async function replan() {
    planning.abort();
    planning = new AbortController();
    const mine = planning.signal;
    let body;
    try {
      body = JSON.parse(editor.value);
    } catch (malformed) {
      fill(plan, h("h2", {}, "Plan"), h("div", {class: "notice bad"}, `Not JSON yet: ${malformed.message}`));
      return;
    }
    if (!body.model) {
      latest = null;
      fill(plan, unplanned());
      return;
    }
    if (!latest) fill(plan, h("h2", {}, "Plan"), h("p", {class: "sub"}, "Planning …"));
    try {
      const answer = await post("/v1/plans", body, mine);
      latest = answer;
      const engines = h("div", {class: "labelled"});
      fill(plan, planned(answer), engines);
      submit.disabled = false;
      if (!isSeen(answer) || body.kind === "evaluation" || body.kind === "calibration" || body.ladder) return;
      const all = await enginesOf(body, mine);
      fill(engines, h("h3", {}, "What engines make of it"), h("dl", {class: "facts"}, Object.entries(all).map(([name, it]) => [h("dt", {}, NAMES[name]), h("dd", {}, verdict(it))])));
    } catch (failure) {
      if (mine.aborted) return;
      fill(plan, h("h2", {}, "Plan"), failure instanceof Refused ? refusal(failure) : h("p", {}, failure.message));
    }
  }

  for (const input of [model, budget, calibration, samples, evaluation, traffic]) input.addEventListener("input", fromForm);
  for (const input of [recipe, format, runtime]) input.addEventListener("change", fromForm);
  preset.addEventListener("change", onPreset);
  editor.addEventListener("input", onEditor);
  signal.addEventListener("abort", () => { clearTimeout(timer); planning.abort(); });

  const form = h("form", {class: "card", onsubmit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      go(`/jobs/${(await post("/v1/jobs", editor.value, signal)).id}`);
    } catch (failure) {
      if (failure instanceof Refused) fill(plan, h("h2", {}, "Refused"), refusal(failure));
      else toast(failure.message);
    }
  }},
  h("datalist", {id: "models"}, models.map((it) => h("option", {value: it}))),
  h("div", {class: "fields"}, h("label", {}, "Model", model), h("label", {}, "Preset", preset)), about,
  h("div", {class: "fields"}, h("label", {}, "Recipe", recipe), h("label", {}, "Budget", budget)),
  h("div", {class: "fields"}, h("label", {}, "Checkpoint format", format), h("label", {}, "Serve with", runtime)),
  h("div", {class: "fields"}, h("label", {}, "Calibration text", calibration), h("label", {}, "Samples", samples)),
  h("div", {class: "fields"}, h("label", {}, "Evaluation text", evaluation), h("label", {}, "Expert counts of traffic", traffic)),
  h("label", {for: "body"}, "The job as JSON: every field of the API"),
  editor,
  h("p", {class: "sub"}, "Typing ", h("kbd", {}, "\""), " or ", h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Space"), " shows what can stand there."),
  h("div", {class: "row actions"}, submit));

  completing(editor, schema, () => ({model: models, preset: presets.map((it) => it.name), pattern: patternsOf(latest)}));
  fill(root, h("h1", {}, "New job"), h("div", {class: "two"}, form, h("div", {class: "stack"}, plan)), h("section", {class: "card"}, h("h2", {}, "The same without this page"), shell));
  if (query.get("from")) {
    const from = await get(`/v1/jobs/${query.get("from")}?include=spec`, signal);
    // The hash is of the very files of that job; another model, or a newer one, would be refused.
    const {source_sha256: _, ...spec} = withoutNulls(from.spec);
    toForm(spec);
  } else {
    fromForm();
  }
}

/** Names of models that the service has, where it tells them. */
async function known(signal) {
  try {
    return (await get("/v1/models", signal)).data.filter((it) => it.state === "present").map((it) => it.model);
  } catch (failure) {
    if (failure instanceof Refused) return [];
    throw failure;
  }
}

function clean(object) {
  const kept = Object.entries(object).filter(([, value]) => value !== null && value !== undefined);
  return kept.length ? Object.fromEntries(kept) : null;
}

function withoutNulls(value) {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).filter(([, it]) => it !== null).map(([name, it]) => [name, withoutNulls(it)]));
}

function setOrDelete(object, name, value) {
  if (value === null) delete object[name];
  else object[name] = value;
}

function unplanned() {
  return [h("h2", {}, "Plan"), h("p", {class: "sub"}, "Name a model to see what the job would come to.")];
}

function remarks(plan) {
  return plan.warnings.map((it) => h("div", {class: "notice warn"}, it.message ?? it.detail ?? "", it.code ? [" ", h("code", {}, it.code)] : null));
}

/** Of a model that could not be looked at there are remarks alone. */
function isSeen(plan) {
  return Boolean(plan.schemes);
}

function planned(plan) {
  if (!isSeen(plan)) return [h("h2", {}, "Plan"), remarks(plan)];
  const minutes = plan.estimates.filter((it) => it.minutes > 0).map((it) => `${duration(Math.max(1, 60 * it.minutes))} on ${it.device}`).join(", ");
  return [h("h2", {}, "Plan"),
    h("dl", {class: "facts"},
      h("dt", {}, "Family"), h("dd", {}, plan.family),
      h("dt", {}, "Licence"), h("dd", {}, plan.licence ?? "the model's card names none"),
      h("dt", {}, "Format"), h("dd", {}, plan.format),
      plan.ladder ? null : [
        h("dt", {}, "Size"), h("dd", {}, `${bytes(plan.bytes.before)} → ${bytes(plan.bytes.after)}`),
        h("dt", {}, "Bits per weight"), h("dd", {}, number(plan.bits_per_weight, 3))],
      h("dt", {}, "Device memory"), h("dd", {}, `${bytes(plan.memory.device_bytes)}${plan.memory.experts_at_once ? `, ${plan.memory.experts_at_once} experts at once` : ""}`),
      minutes ? [h("dt", {}, "About"), h("dd", {}, minutes)] : null),
    plan.ladder ? plannedSizes(plan.ladder) : schemeTable(plan),
    remarks(plan)];
}

function commands(body) {
  const url = address("/v1/jobs");
  const quoted = body.replaceAll("'", "'\\''");
  const keyed = authorization() !== "";
  // JSON's escapes are Python's too, but for a raw string that ends where three quotes stand in the text.
  const text = body.includes("'''") ? JSON.stringify(body) : `r'''${body}'''`;
  const headers = `{"Content-Type": "application/json"${keyed ? ', "Authorization": "Bearer " + os.environ["ALPHAQUANT_KEY"]' : ""}}`;
  const python = `import json, ${keyed ? "os, " : ""}urllib.request\n\njob = json.loads(${text})\nrequest = urllib.request.Request("${url}", json.dumps(job).encode(), ${headers})\nprint(json.load(urllib.request.urlopen(request))["id"])`;
  return [h("div", {class: "labelled"}, h("h3", {}, "curl"), copyable(`curl -sS ${url}${authorization()} -H 'Content-Type: application/json' --data '${quoted}'`)),
    h("div", {class: "labelled"}, h("h3", {}, "Python"), copyable(python)),
    keyed ? h("p", {class: "sub"}, "Both read your key from the variable ", h("code", {}, "ALPHAQUANT_KEY"), ".") : null];
}
