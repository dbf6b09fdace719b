/** The types of the texts. Their parameters are safe to show. */

import type { Detail } from "../../events/detail.ts";
import type { MessageEvent } from "../../events/fields.ts";
import type { PhoneEvent } from "../../events/phone_events.ts";
import type { RegistryEvent } from "../../events/registry_events.ts";
import type { UsageProblem } from "../../events/usage_problem.ts";
import type { CommandKind } from "../../phone/commands.ts";
import type { Table } from "./table.ts";

/** An event of a phone that has a sentence: any but those of the message trace. */
export type Telling = Exclude<PhoneEvent, MessageEvent>;

/** An event of a registry that has a sentence. */
export type RegistryTelling = Exclude<RegistryEvent, MessageEvent>;

/** A cause in a few words, to stand in brackets or after a colon. */
export type Causes = Table<Detail, "kind">;

/** The error of a command line and its remedy. */
export type UsageTexts = Table<UsageProblem, "kind">;

/** The texts of a phone. */
export interface PhoneTexts {
  readonly events: Table<Telling, "event">;

  /** The prompt before there is a name, and while another one is asked for. */
  readonly prompt: string;
  readonly promptForAnotherName: string;
  readonly askPassword: string;

  // Status line
  readonly microphone: string;
  readonly speaker: string;
  readonly muted: string;
  readonly code: (code: string) => string;
  readonly inTheClear: string;
  readonly quality: (mos: number) => string;
  readonly roundTrip: (ms: number) => string;
  /** While an invitation rings: what happens, and the commands to answer or to give up. */
  readonly ringing: Readonly<Record<"in" | "out", { readonly what: string; readonly keys: string }>>;

  /** More than the longest line was typed or pasted. */
  readonly lineTooLong: (most: number) => string;

  // `--help`
  readonly help: string;
  readonly exitStatus: string;
}

/** The texts of a registry. */
export interface RegistryTexts {
  readonly events: Table<RegistryTelling, "event">;
  readonly askPassword: string;
  /** Words of the ladder's exports. */
  readonly ladder: {
    readonly registry: string;
    readonly lost: string;
    /** As in "2nd time". */
    readonly transmission: (number: number) => string;
  };
  readonly usageLine: string;
  readonly help: string;
}

/** The purpose of each console command. */
export type CommandTexts = Readonly<Record<CommandKind, string>>;
