/** The texts of every language. */

import type { Language } from "./language.ts";
import { TEXTS_EN } from "./phone_en.ts";
import { type Texts, TEXTS_PT } from "./phone_pt.ts";

export type { Texts };

/**
 * What a phone tells its person, by language.
 *
 * Each file has to satisfy the other's shape: so a key or a parameter that only one of them has does not pass the
 * compiler.
 */
export const TEXTS: Readonly<Record<Language, Texts>> = {
  pt: TEXTS_PT satisfies typeof TEXTS_EN,
  en: TEXTS_EN,
};
