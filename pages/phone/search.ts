/** Names by what a person types of them. No DOM. */

/** A text without accents and case. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** The names with a typed text in them. */
export function matching(names: readonly string[], typed: string): readonly string[] {
  const wanted = plain(typed);
  return names.filter((name) => plain(name).includes(wanted));
}

/**
 * Whom Return calls: the one whose name was typed, but for accents and case, or the only one with a word that begins so. Never
 * a person of whose name somebody typed the middle: who types "ana" does not mean Joana. Undefined if it is nobody here.
 *
 * @param found By {@linkcode matching}.
 */
export function chosenBy(found: readonly string[], typed: string): string | undefined {
  const wanted = plain(typed);
  const begun = found.filter((name) => ` ${plain(name)}`.includes(` ${wanted}`));
  const exact = begun.filter((name) => plain(name) === wanted);
  // Of "joão" and "joao" the one that was typed as it is.
  if (exact.length > 1) return exact.find((name) => name === typed.normalize("NFC").trim());
  return exact[0] ?? (begun.length === 1 ? begun[0] : undefined);
}
