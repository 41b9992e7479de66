// Who uses this tab: by a key, or signed in at the provider that the operator named.
// Authorization code with PKCE: RFC 7636, and RFC 9700, section 2.1.1.

import {fill, h} from "./dom.js";
import {BASE, get, key, redeem, Refused, tokens, useKey, useTokens} from "./api.js";

const PENDING = "alphaquant.sign-in";

export async function keyView({root, query, signal, go}) {
  const wanted = query.get("to")?.startsWith("/") ? query.get("to") : "/jobs";
  const {oidc, away} = await get("/v1/sign-in", signal).catch((failure) => {
    if (failure instanceof Refused && failure.status === 503) return {away: failure.message};
    throw failure;
  });
  const caller = key() || tokens() ? await get("/v1/caller", signal).catch(() => null) : null;
  fill(root, h("h1", {}, "Sign in"), h("div", {class: "narrow"},
    away ? h("div", {class: "notice warn"}, away, " Until then a key works.") : null,
    caller ? signedIn(caller, oidc, go) : null,
    caller && tokens() ? null : oidc ? provider(oidc, wanted) : null,
    keyForm(() => go(wanted), Boolean(oidc))));
  root.querySelector(oidc && !caller ? "#provider" : "input")?.focus();
}

function signedIn(caller, oidc, go) {
  const leave = () => {
    const {id_token: hint} = tokens() ?? {};
    useKey(null);
    useTokens(null);
    if (hint && oidc?.end_session_endpoint) location.assign(withParameters(oidc.end_session_endpoint, {id_token_hint: hint, client_id: oidc.client_id, post_logout_redirect_uri: BASE.href}));
    else go("/jobs");
  };
  return h("section", {class: "card"}, h("h2", {}, "This tab"),
    h("dl", {class: "facts"}, h("dt", {}, "Owner"), h("dd", {}, caller.owner), h("dt", {}, "May"), h("dd", {}, caller.scopes.join(", ") || "nothing here"), h("dt", {}, "By"), h("dd", {}, tokens() ? "sign-in" : "key")),
    h("div", {class: "row actions"}, h("button", {type: "button", onclick: leave}, tokens() ? "Sign out" : "Forget the key")));
}

function provider(oidc, wanted) {
  const answer = h("div", {"aria-live": "polite"});
  const {host} = new URL(oidc.issuer);
  return h("section", {class: "card"}, h("h2", {}, "With your account"),
    h("p", {class: "sub"}, "You sign in at ", h("b", {}, host), " and come back here. The tab keeps what it gets until it is closed."),
    answer,
    h("div", {class: "row actions"}, h("button", {id: "provider", type: "button", class: "primary", onclick: () => begin(oidc, wanted).catch((failure) => fill(answer, h("p", {class: "notice bad"}, failure.message)))}, `Sign in at ${host}`)));
}

function keyForm(done, beside) {
  const input = h("input", {type: "password", name: "key", autocomplete: "off", required: true, placeholder: "qk_…"});
  const answer = h("div", {"aria-live": "polite"});
  return h("form", {class: "card", onsubmit: async (event) => {
    event.preventDefault();
    const before = {key: key(), tokens: tokens()};
    useKey(input.value.trim());
    try {
      await get("/v1/jobs?limit=1");
      done();
    } catch (failure) {
      if (before.tokens) useTokens(before.tokens); else useKey(before.key);
      fill(answer, h("p", {class: "notice bad"}, failure.message));
    }
  }},
  h("h2", {}, beside ? "With an API key" : "API key"),
  h("p", {class: "sub"}, "Kept in this tab until it is closed. A service on this machine without keys needs none."),
  h("label", {}, "Key", input), answer,
  h("div", {class: "row actions"}, h("button", {class: beside ? "" : "primary"}, "Use this key")));
}

function withParameters(address, parameters) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Goes to the provider; the proof of whose the code is stays in this tab. */
async function begin(oidc, wanted) {
  if (!crypto.subtle) throw new Error("Signing in needs HTTPS, or localhost: the browser offers no cryptography here.");
  const pending = {state: random(), verifier: random(), place: `#${wanted}`};
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  location.assign(withParameters(oidc.authorization_endpoint, {
    ...oidc.parameters, response_type: "code", client_id: oidc.client_id, redirect_uri: BASE.href, scope: oidc.scope,
    state: pending.state, code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: "S256"}));
}

/** Ends a sign-in whose code or refusal is in the address; returns what went wrong, or null. */
export async function finishSignIn() {
  const answer = new URLSearchParams(location.search);
  const pending = JSON.parse(sessionStorage.getItem(PENDING));
  if (!answer.has("state") || !pending) return null;
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", BASE.pathname + pending.place);
  if (answer.get("state") !== pending.state) return "The answer of the provider is not to this tab's sign-in. Try again.";
  if (answer.has("error")) return `The provider refused: ${answer.get("error_description") ?? answer.get("error")}`;
  try {
    await redeem({code: answer.get("code"), code_verifier: pending.verifier, redirect_uri: BASE.href});
    return null;
  } catch (failure) {
    return failure.message;
  }
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
