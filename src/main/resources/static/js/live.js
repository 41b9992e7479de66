// One stream for the whole list: the owner's jobs as they change. Deletions are not told, so the list is read anew now
// and then.

import {follow} from "./stream.js";

const RELOAD_EVERY = 60_000;

/** Follows every job that the viewer may see: `changed` gets a job, `reload` is called where changes may have been missed, `complain` gets what ended it. */
export function watchJobs({signal, linkState, changed, reload, complain}) {
  const timer = setInterval(reload, RELOAD_EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
  let connectedBefore = false;
  follow("/v1/events", {
    signal,
    onState: (connected) => {
      linkState(connected);
      if (connected && connectedBefore) reload();
      connectedBefore ||= connected;
    },
    onEvent: ({type, data}) => {
      if (type === "job") changed(data);
      else if (type === "reset") reload();
    },
  }).catch(complain);
}
