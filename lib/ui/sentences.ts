/** Turns what a phone has to tell into sentences for its person. */

import { formatEndpoint } from "../protocol/address.ts";
import { printable } from "../protocol/printable.ts";
import { alignColumns } from "./columns.ts";
import { COMMANDS } from "../phone/commands.ts";
import type { AudioFailure, CallFigures, Device, PhoneEvent, SoundSide } from "../events/phone_events.ts";
import type { UsageProblem } from "../events/usage_problem.ts";
import type { MessageEvent } from "../events/fields.ts";
import type { Language } from "./texts/language.ts";
import { TEXTS, type Texts } from "./texts/texts.ts";

/** How a sentence is meant, which a terminal shows by colour and mark. */
export type Tone =
  | "plain"
  | "good"
  | "warning"
  | "bad"
  /** Somebody is calling: to be seen from across the room. */
  | "alert";

/** Something to read: one line, or several with line feeds between them, of nothing but printable characters. */
export interface Sentence {
  readonly text: string;
  readonly tone: Tone;
}

/** All events but the lines of the message trace, which `traceLine` makes. */
export type Telling = Exclude<PhoneEvent, MessageEvent>;

/** A duration in seconds as `01:23`, or `1:02:03` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** What a person reads about an event. Whatever came from outside is made safe to show. */
export function sentence(event: Telling, texts: Texts): Sentence {
  switch (event.event) {
    case "registered":
      return { tone: "good", text: texts.registered(printable(event.name), endpoint(event)) };
    case "name_taken":
      return { tone: "bad", text: texts.nameTaken(printable(event.name)) };
    case "registration_refused":
      return { tone: "bad", text: texts.registrationRefused(withoutStop(event.reason)) };
    case "registry_unreachable":
      return {
        tone: "bad",
        text: texts.registryUnreachable(
          endpoint({ ip: event.host, port: event.port }),
          cause(event.detail, texts),
        ),
      };
    case "registry_lost":
      return { tone: "warning", text: texts.registryLost };
    case "registry_back":
      return { tone: "good", text: texts.registryBack(printable(event.name)) };
    case "registry_away":
      return { tone: "bad", text: texts.registryAway };
    case "registry_full":
      return { tone: "bad", text: texts.registryFull };
    case "password_refused":
      return { tone: "bad", text: event.given ? texts.passwordWrong : texts.passwordNeeded };
    case "person":
      return { tone: "good", text: texts.person(printable(event.name), endpoint(event)) };
    case "unknown_person":
      return { tone: "bad", text: texts.unknownPerson(printable(event.name)) };
    case "people":
      return { tone: "plain", text: people(event, texts) };
    case "only_local":
      return { tone: "warning", text: texts.onlyLocal(printable(event.ip)) };
    case "inviting":
      return { tone: "plain", text: texts.inviting(printable(event.name), endpoint(event)) };
    case "ringing":
      return { tone: "plain", text: texts.ringing(printable(event.name)) };
    case "invitation":
      return { tone: "alert", text: texts.invitation(printable(event.name), endpoint(event)) };
    case "busy_rejected":
      return { tone: "warning", text: texts.busyRejected(printable(event.name)) };
    case "unencrypted_rejected":
      return { tone: "warning", text: texts.unencryptedRejected(printable(event.name)) };
    case "rejected":
      return { tone: "bad", text: texts.rejected(printable(event.name), texts.reasons[event.reason]) };
    case "no_answer":
      return { tone: "bad", text: texts.noAnswer(printable(event.name)) };
    case "not_encrypted":
      return { tone: "bad", text: texts.notEncrypted(printable(event.name)) };
    case "invitation_cancelled":
      return { tone: "plain", text: texts.invitationCancelled(printable(event.name)) };
    case "invitation_withdrawn":
      return { tone: "warning", text: texts.invitationWithdrawn(printable(event.name)) };
    case "invitation_missed":
      return { tone: "warning", text: texts.invitationMissed(printable(event.name)) };
    case "invitation_refused":
      return { tone: "plain", text: texts.invitationRefused(printable(event.name)) };
    case "invitations_crossed":
      return { tone: "good", text: texts.invitationsCrossed(printable(event.name)) };
    case "call_started": {
      const started = texts.callStarted(printable(event.name), endpoint(event));
      return event.code === null
        ? { tone: "warning", text: `${started}\n${texts.callInTheClear}` }
        : { tone: "good", text: `${started}\n${texts.callEncrypted(printable(event.code))}` };
    }
    case "key_log_failed":
      return { tone: "bad", text: texts.keyLogFailed(printable(event.path), cause(event.detail, texts)) };
    case "peer_silent":
      return { tone: "warning", text: texts.peerSilent(printable(event.name), Math.floor(event.seconds)) };
    case "peer_back":
      return { tone: "good", text: texts.peerBack(printable(event.name)) };
    case "flooded":
      return { tone: "warning", text: texts.flooded(event.datagrams.toLocaleString(texts.locale)) };
    case "call_ended": {
      const ended = texts.ends[event.end](printable(event.name), clock(event.seconds));
      return {
        tone: event.end === "peer_lost" ? "bad" : "plain",
        text: `${ended}\n${figures(event, texts)}`,
      };
    }
    case "muted":
      return event.muted
        ? { tone: "warning", text: texts.nowMuted }
        : { tone: "good", text: texts.nowUnmuted };
    case "audio_failed":
      return { tone: event.asked ? "bad" : "warning", text: audioFailed(event.side, event, texts) };
    case "audio_lost":
      return { tone: "warning", text: texts.audioLost[event.side](names(event.names)) };
    case "audio_back":
      return { tone: "good", text: texts.audioBack[event.side](names(event.names)) };
    case "devices":
      return { tone: "plain", text: devices(event.devices, texts) };
    case "help":
      return { tone: "plain", text: commandsHelp(texts) };
    case "unknown_command":
      return { tone: "bad", text: texts.unknownCommand(printable(event.text, MAX_QUOTED)) };
    case "name_missing":
      return { tone: "bad", text: texts.nameMissing(printable(event.command, MAX_QUOTED)) };
    case "bad_name":
      return { tone: "bad", text: texts.badName(printable(event.name, MAX_QUOTED)) };
    case "not_in_call":
      return { tone: "bad", text: texts.notInCall };
    case "nothing_to_answer":
      return { tone: "bad", text: texts.nothingToAnswer };
    case "already_in_call":
      return { tone: "bad", text: texts.alreadyInCall(printable(event.name)) };
    case "calling_oneself":
      return { tone: "bad", text: texts.callingOneself };
    case "other_ip_version":
      return { tone: "bad", text: texts.otherIpVersion(printable(event.name), printable(event.ip)) };
    case "port_in_use":
      return { tone: "bad", text: texts.portInUse(event.port) };
    case "wrong_usage":
      return { tone: "bad", text: usageSentence(event.problem, texts) };
    case "failed":
      return { tone: "bad", text: texts.failed(withoutStop(event.detail)) };
    case "closed":
      return { tone: "plain", text: texts.closed };
  }
}

/** What is wrong with a phone's command line, and what would be right. */
export function usageSentence(problem: UsageProblem, texts: Texts): string {
  switch (problem.kind) {
    case "unknown_option":
      return `${texts.unknownOption(printable(problem.option, MAX_QUOTED))} ${texts.helpHint}`;
    case "missing_argument":
      return `${texts.missingArgument(argumentName(problem.argument, texts))} ${texts.helpHint}`;
    case "too_many_arguments":
      return `${texts.tooManyArguments(printable(problem.argument, MAX_QUOTED))} ${texts.helpHint}`;
    case "bad_value": {
      const option = argumentName(problem.option, texts);
      const wrong = problem.value === ""
        ? texts.valueMissing(option)
        : texts.badValue(option, printable(problem.value, MAX_QUOTED));
      return `${wrong} ${lookUp(texts.expected, problem.option) ?? texts.helpHint}`;
    }
    case "bad_file":
      return texts.badFile(problem.option, printable(problem.value), cause(problem.detail, texts));
    case "no_terminal":
      return `${texts.noTerminal(problem.option)} ${
        lookUp(texts.expected, problem.option) ?? texts.helpHint
      }`;
    case "incomplete":
      return texts.incomplete(problem.option, problem.missing);
  }
}

/** All that `--help` shows: usage, options, console commands, exit statuses. Ends without a line feed. */
export function phoneHelp(language: Language): string {
  const texts = TEXTS[language];
  return `${texts.help}\n\n${commandsHelp(texts)}\n\n${texts.exitStatus}`;
}

/** What `audio/` calls the device that is meant when none was named. */
const DEFAULT_DEVICE = "default";

/** Longest piece of what a person typed that is repeated to them, in UTF-16 units. */
const MAX_QUOTED = 80;

function endpoint(place: { readonly ip: string; readonly port: number }): string {
  return printable(formatEndpoint(place));
}

/** Text from elsewhere to which the sentence around it adds the full stop. */
function withoutStop(text: string): string {
  return printable(text.replace(/[.\s]+$/u, ""));
}

/** A cause in the person's language where it is a known one, else in the words in which it came. */
function cause(detail: string, texts: Texts): string {
  return lookUp(texts.details, detail.toLowerCase()) ?? withoutStop(detail);
}

function argumentName(name: string, texts: Texts): string {
  return lookUp(texts.arguments, name) ?? printable(name, MAX_QUOTED);
}

function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** A summary of a call's voice, and of the network where there were reports of it. */
function figures(call: CallFigures, texts: Texts): string {
  const count = (value: number): string => value.toLocaleString(texts.locale);
  const voice = texts.figures(
    count(call.framesSent),
    count(call.framesPlayed),
    count(call.framesRebuilt),
    count(call.framesConcealed),
    count(call.framesLate),
  );
  if (call.roundTripMs === null || call.lossOutPercent === null) return voice;
  const network = texts.network(
    decimal(call.lossInPercent, texts),
    decimal(call.lossOutPercent, texts),
    decimal(call.jitterInMs, texts),
    decimal(call.roundTripMs, texts),
    decimal(call.mos, texts),
  );
  return `${voice}\n${network}`;
}

/** A number with at most one decimal. */
export function decimal(value: number, texts: Texts): string {
  return value.toLocaleString(texts.locale, { maximumFractionDigits: 1 });
}

function audioFailed(side: SoundSide, failure: AudioFailure, texts: Texts): string {
  const of = side === "both" ? { ...texts.audio.speaker, ...texts.audio.both } : texts.audio[side];
  const what = problem();
  return failure.asked ? what : `${what} ${of.goesOn}`;

  function problem(): string {
    const subject = printable(failure.subject);
    const detail = cause(failure.detail, texts);
    switch (failure.code) {
      case "no_library":
        return of.no_library(subject);
      case "no_device":
        return failure.subject === DEFAULT_DEVICE ? of.no_default_device : of.no_device(subject);
      case "device_failed":
      case "file_failed":
      case "bad_file":
        return of[failure.code](subject, detail);
    }
  }
}

/** What devices are called, in quotation marks. */
function names(devices: readonly string[]): string {
  return devices.map((name) => `“${printable(name)}”`).join(", ");
}

function people({ people }: Extract<Telling, { event: "people" }>, texts: Texts): string {
  if (people.length === 0) return texts.nobody;
  const { name, ip, port } = texts.personColumns;
  const rows = people.map((person) => [printable(person.nome), printable(person.ip), String(person.porta)]);
  return `${texts.people(people.length)}\n${table([[name, ip, port], ...rows], " | ", [2])}`;
}

function devices(entries: readonly Device[], texts: Texts): string {
  if (entries.length === 0) return texts.noDevices;
  const { index, name, host, inputs, outputs, standard } = texts.deviceColumns;
  const rows = entries.map((entry) => [
    String(entry.index),
    printable(entry.name),
    printable(entry.host),
    String(entry.inputs),
    String(entry.outputs),
    [entry.defaultInput ? texts.defaultInput : "", entry.defaultOutput ? texts.defaultOutput : ""]
      .filter((mark) => mark !== "").join(", "),
  ]);
  return `${texts.devices}\n${
    table([[index, name, host, inputs, outputs, standard], ...rows], "  ", [0, 3, 4])
  }`;
}

function commandsHelp(texts: Texts): string {
  const own = texts.locale.startsWith("en") ? "en" : "pt";
  const rows = COMMANDS.map((command) => [
    command.takesName ? `${command[own]} ${texts.arguments.NAME}` : command[own],
    command.short.join(" "),
    command[own === "en" ? "pt" : "en"],
    texts.commands[command.kind],
  ]);
  return `${texts.commandsTitle}\n${table(rows, "  ")}\n${texts.commandsHint}`;
}

/**
 * Rows of cells as indented lines.
 *
 * @param numbers Columns that are aligned to the right.
 */
function table(
  rows: readonly (readonly string[])[],
  separator: string,
  numbers: readonly number[] = [],
): string {
  return alignColumns(rows, numbers).map((row) => `  ${row.join(separator).trimEnd()}`).join("\n");
}
