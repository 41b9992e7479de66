// Server-sent events by fetch: EventSource cannot send a key.
// HTML standard, section 9.2.6, "Interpreting an event stream".

import {request, Refused} from "./api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** The server says something every 15 seconds; a connection that is silent for longer is dead. */
const LONGEST_SILENCE = 40_000;

/**
 * Follows a stream over as many connections as it takes, until the signal aborts, the server refuses it, or
 * `onEvent` returns true, or a promise of it. `onEvent` gets {id, type, data}; `onState` gets true once connected and false when cut.
 */
export async function follow(path, {signal, onEvent, onState = () => {}}) {
  let last = "";
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      const headers = {Accept: "text/event-stream"};
      if (last) headers["Last-Event-ID"] = last;
      const response = await request(path, {signal, headers});
      onState(true);
      wait = FIRST_WAIT;
      const ended = await read(response.body, signal, (event) => {
        last = event.id || last;
        return onEvent(event);
      });
      if (ended) return;
    } catch (failure) {
      if (signal.aborted) return;
      if (failure instanceof Refused && failure.status < 500 && failure.status !== 429) throw failure;
    }
    onState(false);
    await pause(wait, signal);
    wait = Math.min(LONGEST_WAIT, wait * 2);
  }
}

async function read(body, signal, onEvent) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = {id: "", type: "message", data: []};
  while (!signal.aborted) {
    const {value, done} = await next(reader);
    if (done) return false;
    const lines = (rest + value).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length && await onEvent({...event, data: JSON.parse(event.data.join("\n"))})) {
          await reader.cancel();
          return true;
        }
        event = {id: event.id, type: "message", data: []};
      } else field(event, line);
    }
  }
  await reader.cancel();
  return true;
}

async function next(reader) {
  let timer;
  const silence = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("silence")), LONGEST_SILENCE); });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

function field(event, line) {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "data") event.data.push(value);
  else if (name === "event") event.type = value;
  else if (name === "id") event.id = value;
}

function pause(millis, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, {once: true});
  });
}
