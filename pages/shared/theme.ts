/** Light or dark: as the system has it, until the reader chooses. */

import { recalled, remember } from "./storage.ts";

const KEY = "theme";

/** Takes what was chosen before. */
export function applyTheme(): void {
  const chosen = recalled(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

/** Takes the other one. */
export function turnTheme(): void {
  const { dataset } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dataset.theme = (dataset.theme ?? system) === "dark" ? "light" : "dark";
  remember(KEY, dataset.theme);
}
