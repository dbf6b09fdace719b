/** Light or dark: as the system has it, until the reader chooses. */

const KEY = "theme";

/** Takes what was chosen before. */
export function applyTheme(): void {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

/** Takes the other one. */
export function turnTheme(): void {
  const { dataset } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dataset.theme = (dataset.theme ?? system) === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, dataset.theme);
}
