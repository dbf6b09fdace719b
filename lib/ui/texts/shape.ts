/** The shape that the texts have in every language. What they are given is safe to show. */

import type { Detail } from "../../events/detail.ts";
import type { MessageEvent } from "../../events/fields.ts";
import type { PhoneEvent } from "../../events/phone_events.ts";
import type { RegistryEvent } from "../../events/registry_events.ts";
import type { UsageProblem } from "../../events/usage_problem.ts";
import type { CommandKind } from "../../phone/commands.ts";
import type { Table } from "./table.ts";

/** All that a phone tells in sentences: everything but the message trace, which `traceLine` makes. */
export type Telling = Exclude<PhoneEvent, MessageEvent>;

/** All that a registry tells in sentences. */
export type RegistryTelling = Exclude<RegistryEvent, MessageEvent>;

/** A cause in a few words, which stand in brackets or after a colon. */
export type Causes = Table<Detail, "kind">;

/** What is wrong with a command line, and what would be right. */
export type UsageTexts = Table<UsageProblem, "kind">;

/** What a phone tells its person. */
export interface PhoneTexts {
  readonly events: Table<Telling, "event">;

  /** The prompt, until there is a name, and while another is asked for. */
  readonly prompt: string;
  readonly promptForAnotherName: string;
  readonly askPassword: string;

  // The live line of a call
  readonly microphone: string;
  readonly speaker: string;
  readonly muted: string;
  readonly code: (code: string) => string;
  readonly inTheClear: string;
  readonly quality: (mos: number, roundTripMs: number) => string;

  // `--help`
  readonly help: string;
  readonly exitStatus: string;
}

/** What a registry tells its person. */
export interface RegistryTexts {
  readonly events: Table<RegistryTelling, "event">;
  readonly askPassword: string;
  readonly usageLine: string;
  readonly help: string;
}

/** What each console command does. */
export type CommandTexts = Readonly<Record<CommandKind, string>>;
