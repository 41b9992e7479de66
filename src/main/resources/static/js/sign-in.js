// The key of this tab.

import {fill, h} from "./dom.js";
import {get, key, useKey} from "./api.js";

export async function keyView({root, go}) {
  const input = h("input", {type: "password", name: "key", autocomplete: "off", required: true, placeholder: "qk_…"});
  const answer = h("div", {"aria-live": "polite"});
  const form = h("form", {class: "card", onsubmit: async (event) => {
    event.preventDefault();
    const before = key();
    useKey(input.value.trim());
    try {
      await get("/v1/jobs?limit=1");
      go("/jobs");
    } catch (failure) {
      useKey(before);
      fill(answer, h("p", {class: "notice bad"}, failure.message));
    }
  }},
  h("h1", {}, "API key"),
  h("p", {class: "sub"}, "Kept in this tab until it is closed. A service on this machine without keys needs none."),
  h("label", {}, "Key", input), answer,
  h("div", {class: "row actions"}, h("button", {class: "primary"}, "Use this key"),
    key() ? h("button", {type: "button", onclick: () => { useKey(null); go("/jobs"); }}, "Forget the key") : null));
  fill(root, form);
  input.focus();
}
