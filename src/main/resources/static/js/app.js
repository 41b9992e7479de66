// The page's frame: which view the address names, theme, key, and what is said when something fails.

import {fill, h, toast} from "./dom.js";
import {key, Refused, tokens, Unreachable} from "./api.js";
import {jobsView} from "./jobs.js";
import {jobView} from "./job.js";
import {newJobView} from "./new-job.js";
import {compareView} from "./compare.js";
import {workersView} from "./workers.js";
import {finishSignIn, keyView} from "./sign-in.js";
import {themed} from "./theme.js";

const ROUTES = [
  [/^\/jobs$/, jobsView, "Jobs"],
  [/^\/jobs\/([0-9a-f-]{36})$/, jobView, "Job"],
  [/^\/new$/, newJobView, "New job"],
  [/^\/compare$/, compareView, "Compare"],
  [/^\/workers$/, workersView, "Workers"],
  [/^\/key$/, keyView, "Sign in"],
];

const main = document.getElementById("main");
let leaving = new AbortController();

/** The address after the #, as {path, query}. */
function place() {
  const [path, query] = (location.hash.slice(1) || "/jobs").split("?");
  return {path, query: new URLSearchParams(query)};
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const signal = leaving.signal;
  linkState(true);
  const {path, query} = place();
  const route = ROUTES.find(([pattern]) => pattern.test(path));
  mark(path);
  if (!route) {
    fill(main, notFound(path));
    return;
  }
  const [pattern, view, title] = route;
  document.title = `${title} · AlphaQuant`;
  fill(main, h("div", {class: "skeleton", "aria-label": "Loading"}));
  const fail = (failure) => {
    if (signal.aborted) return;
    leaving.abort();
    linkState(true);
    fill(main, trouble(failure));
  };
  try {
    await view({root: main, query, signal, id: path.match(pattern)[1], go, replace, refresh: show, fail, linkState});
  } catch (failure) {
    fail(failure);
  }
}

function mark(path) {
  for (const link of document.querySelectorAll("nav a, #key-link")) {
    const target = link.getAttribute("href").slice(1);
    if (path === target || path.startsWith(`${target}/`)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.getElementById("key-link").textContent = tokens() ? "Signed in ✓" : key() ? "Key ✓" : "Sign in";
}

function go(target) {
  location.hash = target;
}

/** Changes the address without drawing the view anew: filters are part of a link. */
function replace(target) {
  history.replaceState(null, "", `#${target}`);
}

function linkState(connected) {
  document.getElementById("link-state").textContent = connected ? "" : "Connection lost, trying again …";
}

function trouble(failure) {
  if (failure instanceof Refused && failure.status === 401) {
    return h("div", {class: "card empty"}, h("h2", {}, "This service wants to know who you are"),
      h("p", {}, tokens() || key() ? failure.message : "Sign in, or enter an API key."), h("a", {class: "button primary", href: `#/key?to=${encodeURIComponent(location.hash.slice(1))}`}, "Sign in"));
  }
  if (failure instanceof Refused && failure.status === 404) {
    return h("div", {class: "card empty"}, h("h2", {}, "It is not there"), h("p", {}, failure.message, " It may have been deleted, or belong to somebody else."), h("a", {class: "button", href: "#/jobs"}, "To the jobs"));
  }
  const title = failure instanceof Unreachable ? "The service does not answer" : "That did not work";
  if (!(failure instanceof Refused || failure instanceof Unreachable)) console.error(failure);
  return h("div", {class: "card empty"}, h("h2", {}, title), h("p", {}, failure.message),
    h("button", {type: "button", onclick: show}, "Try again"));
}

function notFound(path) {
  return h("div", {class: "card empty"}, h("h2", {}, "There is no such page"), h("p", {class: "mono"}, path),
    h("a", {class: "button", href: "#/jobs"}, "To the jobs"));
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => { show(); main.focus({preventScroll: true}); scrollTo(0, 0); });
themed();
const refused = await finishSignIn();
await show();
if (refused) toast(refused);
