// Light or dark: what the viewer chose here before, or else what the system prefers.

const THEME = "alphaquant.theme";
const preferred = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const chosen = localStorage.getItem(THEME) ?? (preferred.matches ? "dark" : "light");
  show(chosen);
  const button = document.getElementById("theme");
  button.textContent = chosen === "dark" ? "☀" : "☾";
  button.setAttribute("aria-label", chosen === "dark" ? "Light theme" : "Dark theme");
}

function show(name) {
  const {classList, dataset} = document.documentElement;
  dataset.theme = name;
  classList.toggle("dark-mode", name === "dark"); // what swagger-ui goes by
  document.dispatchEvent(new CustomEvent("theme"));
}

/** Follows the system, the button `#theme`, and paper, which is light. */
export function themed() {
  document.getElementById("theme").addEventListener("click", () => {
    localStorage.setItem(THEME, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
  preferred.addEventListener("change", apply);
  addEventListener("storage", (event) => { if (event.key === THEME) apply(); });
  addEventListener("beforeprint", () => show("light"));
  addEventListener("afterprint", apply);
  apply();
}
