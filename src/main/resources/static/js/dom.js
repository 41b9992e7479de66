// Elements without markup in strings: text is never parsed, and the page's policy forbids inline styles.

const SVG = new Set(["svg", "g", "path", "line", "circle", "rect", "text", "title", "polyline"]);

/** An element: `h("a", {class: "x", href: "#", onclick: f}, "text", child, [children])`. */
export function h(tag, attributes, ...children) {
  const element = SVG.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((it) => it !== null && it !== undefined && it !== false));
  return element;
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((it) => it !== null && it !== undefined && it !== false));
  return element;
}

/** Replaces what an element holds while somebody may be in it: the focus stays at the same place. */
export function refill(element, ...children) {
  const focusable = () => [...element.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const at = focusable().indexOf(document.activeElement);
  fill(element, ...children);
  if (at >= 0) focusable()[at]?.focus({preventScroll: true});
}

export function toast(text) {
  const element = h("div", {class: "toast"}, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), 6000);
}

/** Asks before something that cannot be undone; resolves to whether it was confirmed. */
export function confirmed(question, action) {
  return new Promise((resolve) => {
    const dialog = h("dialog", {"aria-label": question, onclose: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); }},
      h("form", {method: "dialog", class: "row"},
        h("p", {}, question),
        h("button", {value: "no"}, "Keep it"),
        h("button", {value: "yes", class: "danger"}, action)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Browsers give a page its clipboard over HTTPS and on localhost only; elsewhere the text is selected at least. */
async function copied(text, shown) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  getSelection().selectAllChildren(shown);
  return document.execCommand("copy");
}

/** Text with a button that copies it. */
export function copyable(text) {
  const button = h("button", {type: "button", class: "small", onclick: async () => {
    button.textContent = await copied(text, button.previousSibling) ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }}, "Copy");
  return h("div", {class: "copy"}, h("pre", {tabindex: "0"}, text), button);
}

/** Offers text as a file. */
export function saveButton(label, name, type, text) {
  return h("button", {type: "button", class: "small", onclick: () => {
    const url = URL.createObjectURL(new Blob([text()], {type}));
    h("a", {href: url, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }}, label);
}
