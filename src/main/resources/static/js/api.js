// The REST API, below the folder that this page is served from (a reverse proxy may add a path).

const BASE = new URL(".", document.baseURI);
const KEY = "alphaquant.key";

export function key() {
  return sessionStorage.getItem(KEY);
}

/** Keeps the key for this tab alone, until it is closed. */
export function useKey(text) {
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
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
  if (key()) headers.set("Authorization", `Bearer ${key()}`);
  let response;
  try {
    response = await fetch(address(path), {...options, headers, cache: "no-store"});
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

/** Downloads a file through fetch, since a link cannot send the key. */
export async function download(path, name) {
  if (!key()) {
    Object.assign(document.createElement("a"), {href: address(path), download: name}).click();
    return;
  }
  const blob = await (await request(path)).blob();
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
