/** What a page remembers in the browser, for one origin. Where a person forbids that, it forgets with the page. */

/** What was remembered under a name. */
export function recalled(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a text under a name. */
export function remember(name: string, text: string): void {
  try {
    localStorage.setItem(name, text);
  } catch {
    // Forbidden, or full.
  }
}
