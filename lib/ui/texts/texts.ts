/** The texts of every language. */

import type { Language } from "./language.ts";
import { PHONE_EN } from "./phone_en.ts";
import { PHONE_PT } from "./phone_pt.ts";
import { REGISTRY_EN } from "./registry_en.ts";
import { REGISTRY_PT } from "./registry_pt.ts";
import type { PhoneTexts, RegistryTexts } from "./shape.ts";

/** The texts of a phone. */
export const PHONE_TEXTS: Readonly<Record<Language, PhoneTexts>> = { pt: PHONE_PT, en: PHONE_EN };

/** The texts of a registry. */
export const REGISTRY_TEXTS: Readonly<Record<Language, RegistryTexts>> = { pt: REGISTRY_PT, en: REGISTRY_EN };
