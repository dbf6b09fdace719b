/** The page's keys. They can be turned off, for those who speak to their computer (WCAG 2.2, 2.1.4). */

import type { Phone } from "./phone.ts";
import { isCall, takesCommands } from "./state.ts";

/** Which key means which command. */
const COMMANDS: Readonly<Record<string, string>> = { a: "aceitar", r: "recusar", d: "desligar", m: "mudo" };

/** Does what a key is for. @param hasKeys Whether letters are commands. */
export function handleKey(event: KeyboardEvent, phone: Phone, hasKeys: boolean): void {
  const { key, target, ctrlKey, altKey, metaKey, repeat } = event;
  if (ctrlKey || altKey || metaKey || event.isComposing) return;
  if (target instanceof HTMLInputElement) {
    if (key === "Escape" && event.target === document.activeElement) leaveText(target);
    return;
  }
  // A key that is held down is one command, not thirty a second.
  if (repeat) {
    if (target instanceof HTMLButtonElement && (key === "Enter" || key === " ")) event.preventDefault();
    return;
  }
  if (!hasKeys) return;
  if (key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
  const command = COMMANDS[key.toLowerCase()];
  if (command !== undefined && takesCommands(phone.state) && fits(command, phone)) phone.type(command);
}

function fits(command: string, { state: { welcome } }: Phone): boolean {
  const status = welcome?.status;
  if (!status) return false;
  const rings = !isCall(status) && status.ringing === "in";
  if (rings) return command === "aceitar" || command === "recusar";
  return command === "desligar" || isCall(status) && command === "mudo";
}

/** Out of a text, to where the keys are commands. A field for searching is empty first. */
function leaveText(field: HTMLInputElement): void {
  if (field.type === "search" && field.value !== "") return;
  document.getElementById("card")?.focus();
}
