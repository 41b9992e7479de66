// Completion for a job's JSON: where the caret is, what the contract's schema has there, and a list below it.

import {fill, h} from "./dom.js";

const WORD = /[\w.+-]/;
const MOST = 9;

/**
 * Where the caret is in JSON that need not be whole: the path of keys and indices to it, whether a key or a value
 * stands there, what of it is typed, where that begins, and the keys that the object around it has already.
 */
export function placeOf(text, caret) {
  const frames = [];
  let at = 0;
  let token = null;
  const top = () => frames.at(-1);
  while (at < caret) {
    const start = at;
    const sign = text[at++];
    token = null;
    if (sign === '"') {
      while (at < caret && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      if (at >= caret) { token = {from: start, typed: text.slice(start + 1, caret), quoted: true}; break; }
      at++;
      const frame = top();
      if (frame?.isKey) { frame.key = text.slice(start + 1, at - 1); frame.keys.add(frame.key); }
    } else if (sign === "{") frames.push({keys: new Set(), isKey: true, key: null});
    else if (sign === "[") frames.push({keys: null, isKey: false, key: 0});
    else if (sign === "}" || sign === "]") frames.pop();
    else if (sign === ":" && top()) top().isKey = false;
    else if (sign === "," && top()) {
      if (top().keys) top().isKey = true; else top().key++;
    } else if (WORD.test(sign)) {
      while (at < caret && WORD.test(text[at])) at++;
      if (at >= caret) token = {from: start, typed: text.slice(start, caret), quoted: false};
    }
  }
  const frame = top();
  if (!frame) return null;
  return {path: frames.map((it, i) => (i === frames.length - 1 && it.isKey ? null : it.key)).filter((it) => it !== null),
    isKey: frame.isKey, keys: frame.keys ?? new Set(), from: token?.from ?? caret, typed: token?.typed ?? "", quoted: token?.quoted ?? false};
}

/** Everything that the schema allows at a path, with references followed and alternatives laid side by side. */
export function schemasAt(root, path) {
  let here = variants(root, root);
  for (const step of path) {
    here = here.flatMap((it) => [typeof step === "number" ? it.items : it.properties?.[step] ?? (typeof it.additionalProperties === "object" ? it.additionalProperties : null)])
      .filter(Boolean).flatMap((it) => variants(root, it));
  }
  return here;
}

function variants(root, schema) {
  const target = schema.$ref ? root.$defs[schema.$ref.split("/").at(-1)] : null;
  return [schema, ...(target ? variants(root, target) : []), ...["anyOf", "oneOf", "allOf"].flatMap((it) => schema[it] ?? []).flatMap((it) => variants(root, it))];
}

/** What could stand at the place: `{text, note, key}`, those that begin with what is typed first. */
export function suggestions(root, place, more = {}) {
  const found = new Map();
  const add = (text, note, rest = {}) => { if (!found.has(text)) found.set(text, {text, note: sentence(note), ...rest}); };
  if (place.isKey) {
    for (const schema of schemasAt(root, place.path)) {
      for (const [name, of] of Object.entries(schema.properties ?? {})) {
        if (place.keys.has(name) && name !== place.typed) continue;
        const all = variants(root, of);
        add(name, all.map((it) => it.description).find(Boolean), {key: true, filler: filler(all)});
      }
    }
  } else {
    const name = place.path.at(-1);
    for (const it of more[name] ?? []) add(it, "", {literal: JSON.stringify(it)});
    for (const schema of schemasAt(root, place.path)) {
      const values = [...(schema.enum ?? []), ...("const" in schema ? [schema.const] : []), ...(schema.examples ?? []), ...("default" in schema ? [schema.default] : []), ...(types(schema).includes("boolean") ? [true, false] : [])];
      for (const value of values) if (value !== null && typeof value !== "object") add(String(value), value === schema.default ? "the default" : "", {literal: JSON.stringify(value)});
    }
  }
  const typed = place.typed.toLowerCase();
  const rank = (it) => (it.text.toLowerCase().startsWith(typed) ? 0 : 1);
  return [...found.values()].filter((it) => it.text.toLowerCase().includes(typed)).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
}

function types(schema) {
  return [schema.type ?? []].flat();
}

function filler(all) {
  const is = (type) => all.some((it) => types(it).includes(type));
  return is("object") ? "{}" : is("array") ? "[]" : is("string") ? '""' : "";
}

function sentence(text) {
  return (text ?? "").split(/(?<=\.)\s/)[0].trim();
}

/** Patterns of module names that a plan's schemes suggest: layers and experts as stars. */
export function patternsOf(plan) {
  const names = (plan?.schemes ?? []).flatMap((it) => it.modules ?? []);
  const globs = names.map((it) => it.replace(/\.\d+(-\d+)?(?=\.|$)/g, ".*").replace(/\{.*\}|,.*/g, ""));
  return [...new Set([...globs.map((it) => `*.${it.split(".").at(-1)}`), ...globs])];
}

/** Offers suggestions while somebody types into a text area; `more` gives values by field that the schema does not know. */
export function completing(area, schema, more) {
  const list = h("ul", {id: "suggestions", class: "suggestions", role: "listbox", "aria-label": "Suggestions", hidden: true});
  const said = h("span", {class: "unseen", role: "status"});
  const frame = h("div", {class: "completing"}, list, said);
  area.before(frame);
  frame.prepend(area);
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  let shown = [];
  let chosen = 0;
  let place = null;

  function close() {
    shown = [];
    list.hidden = true;
    area.removeAttribute("aria-activedescendant");
    said.textContent = "";
  }

  function open(asked) {
    place = area.selectionStart === area.selectionEnd ? placeOf(area.value, area.selectionStart) : null;
    shown = place && (asked || place.quoted) ? suggestions(schema, place, more()) : [];
    if (!shown.length || (!asked && shown.length === 1 && shown[0].text === place.typed)) { close(); return; }
    chosen = 0;
    draw();
    const {left, top} = caretOf(area, place.from);
    list.style.left = `${Math.max(0, Math.min(left, area.clientWidth - list.offsetWidth))}px`;
    list.style.top = `${Math.min(top, area.clientHeight)}px`;
    said.textContent = `${shown.length} suggestion${shown.length === 1 ? "" : "s"}`;
  }

  function draw() {
    fill(list, shown.map((it, i) => h("li", {id: `suggestion-${i}`, role: "option", "aria-selected": String(i === chosen), onpointerdown: (event) => { event.preventDefault(); accept(i); }},
      h("code", {}, it.text), it.note ? h("span", {}, it.note) : null)));
    list.hidden = false;
    area.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
  }

  function accept(i) {
    const {text, literal, key, filler: value} = shown[i];
    const {from, quoted} = place;
    let end = area.selectionEnd;
    if (quoted && area.value[end] === '"') end++;
    const hasColon = /^\s*:/.test(area.value.slice(end));
    const made = key ? `"${text}"${hasColon ? "" : `: ${value}`}` : literal;
    area.setSelectionRange(from, end);
    close();
    // The browser's own way of typing, so that it can be undone.
    if (!document.execCommand("insertText", false, made)) area.setRangeText(made, from, end, "end");
    const inside = key && !hasColon && value ? 1 : 0;
    const caret = from + made.length - inside;
    area.setSelectionRange(caret, caret);
    area.dispatchEvent(new Event("input"));
    close();
    if (inside && value === '""') open(true);
  }

  area.addEventListener("input", () => open(false));
  area.addEventListener("blur", close);
  area.addEventListener("scroll", close);
  area.addEventListener("click", close);
  area.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) { event.preventDefault(); open(true); return; }
    if (!shown.length) return;
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (step) { event.preventDefault(); chosen = (chosen + step + shown.length) % shown.length; draw(); }
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) { event.preventDefault(); accept(chosen); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
    else if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") close();
  });
  return frame;
}

/** Where a character of a text area is drawn, below its line: a copy of the text is laid out the same way. */
function caretOf(area, position) {
  const style = getComputedStyle(area);
  const copy = h("div", {class: "mirror"}, area.value.slice(0, position));
  for (const name of ["font", "lineHeight", "padding", "border", "letterSpacing", "tabSize", "width", "boxSizing"]) copy.style[name] = style[name];
  const mark = h("span", {}, "\u200b");
  copy.append(mark);
  area.after(copy);
  const at = {left: mark.offsetLeft - area.scrollLeft, top: mark.offsetTop - area.scrollTop + mark.offsetHeight + 2};
  copy.remove();
  return at;
}
