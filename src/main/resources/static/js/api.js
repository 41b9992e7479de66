// The REST API, below the folder that this page is served from (a reverse proxy may add a path).

export const BASE = new URL(".", document.baseURI);
const KEY = "alphaquant.key";
const TOKENS = "alphaquant.tokens";
/** Seconds before its end at which a token is replaced. */
const EARLY = 30;

/** The API key of this tab, or null. */
export function key() {
  return sessionStorage.getItem(KEY);
}

/** Keeps the key for this tab alone, until it is closed. */
export function useKey(text) {
  sessionStorage.removeItem(TOKENS);
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
}

/** The tokens of a sign-in, or null. */
export function tokens() {
  return JSON.parse(sessionStorage.getItem(TOKENS));
}

/** Keeps the tokens of a sign-in for this tab alone; with nothing it forgets them. */
export function useTokens(answer) {
  sessionStorage.removeItem(KEY);
  if (!answer) { sessionStorage.removeItem(TOKENS); return; }
  const {expires_in: seconds, ...kept} = answer;
  sessionStorage.setItem(TOKENS, JSON.stringify({...tokens(), ...kept, expires_at: seconds ? Date.now() / 1000 + seconds : null}));
}

/** What is sent as bearer: the key, or the token, renewed where it is about to end. */
export async function credential() {
  const signedIn = tokens();
  if (!signedIn) return key();
  if (signedIn.refresh_token && signedIn.expires_at && signedIn.expires_at - EARLY < Date.now() / 1000) await renew(signedIn);
  return tokens()?.access_token ?? null;
}

let renewing = null;

/** One renewal for however many requests wait for it; a refresh token is often good only once. */
function renew(signedIn) {
  renewing ??= redeem({refresh_token: signedIn.refresh_token}).catch((failure) => {
    if (failure instanceof Refused && failure.status === 401) useTokens(null);
  }).finally(() => { renewing = null; });
  return renewing;
}

/** Takes a code or a refresh token to the service and keeps what it gives. */
export async function redeem(grant) {
  useTokens(await (await send("v1/sign-in/tokens", {method: "POST", headers: new Headers({"Content-Type": "application/json"}), body: JSON.stringify(grant)})).json());
}

/** What the service refused, in its own words. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `The service answered ${status}.`);
    this.status = status;
    this.code = problem?.code;
    this.faults = problem?.errors ?? [];
  }
}

/** The service cannot be reached. */
export class Unreachable extends Error {}

export function address(path) {
  return new URL(path.replace(/^\//, ""), BASE).href;
}

export async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  const bearer = await credential();
  if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
  return send(path, {...options, headers});
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(address(path), {...options, cache: "no-store"});
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Unreachable("The service does not answer.");
  }
  if (!response.ok) throw new Refused(response.status, await problem(response));
  return response;
}

async function problem(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

export async function get(path, signal) {
  return (await request(path, {signal, headers: {Accept: "application/json"}})).json();
}

export async function post(path, body, signal) {
  const options = body === undefined
    ? {method: "POST", signal}
    : {method: "POST", signal, headers: {"Content-Type": "application/json"}, body: typeof body === "string" ? body : JSON.stringify(body)};
  return (await request(path, options)).json();
}

export async function remove(path) {
  await request(path, {method: "DELETE"});
}

/** What curl has to be given beside the address: the key from a variable, where this tab uses one. */
export function authorization() {
  return key() || tokens() ? ' -H "Authorization: Bearer $ALPHAQUANT_KEY"' : "";
}

/** Downloads a file through fetch, since a link cannot send the key; a large one straight to disk. */
export async function download(path, name, large = false) {
  if (large && (key() || tokens())) {
    if (!window.showSaveFilePicker) throw new Error(`${name} is too large for this browser to fetch with a key; take the commands under "Serve it".`);
    const handle = await window.showSaveFilePicker({suggestedName: name});
    await (await request(path)).body.pipeTo(await handle.createWritable());
    return;
  }
  if (!key() && !tokens()) {
    Object.assign(document.createElement("a"), {href: address(path), download: name}).click();
    return;
  }
  const blob = await (await request(path)).blob();
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
