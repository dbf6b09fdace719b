/**
 * The events of a phone. A screen turns each into a sentence in the person's language, or into a line of JSON:
 * `docs/json-events.md`.
 */

import type { AudioDetail, AudioErrorCode } from "../../audio/audio_io.ts";
import type { Device, SoundSide } from "../../audio/audio_devices.ts";
import type { VoiceFigures } from "../voice/voice_session.ts";
import type { AddressProblem } from "../protocol/address.ts";
import type { RejectReason } from "../protocol/call_messages.ts";
import type { ErrorCode } from "../protocol/registry_messages.ts";
import type { ConnectFailure, Refusal, RegistryPlace } from "../registration/connect_failure.ts";
import type { SystemError } from "../util/system_error.ts";
import type { LeftOutEvent, MessageEvent, OutputFailedEvent, PersonFields, VersionEvent } from "./fields.ts";
import type { UsageProblem } from "./usage_problem.ts";

export type { Device, SoundSide };

/** A failure without an event of its own: the registry refused a request, or an error of the system. */
export type PhoneFailure = Refusal | SystemError;

/** The registry that answered, where there was a choice: `host` as on the command line. */
export interface AnsweringRegistry extends RegistryPlace {
  readonly ip: string;
}

/** How a call ended. */
export type CallEnd =
  /** This side said goodbye. */
  | "hung_up"
  /** The other side said goodbye. */
  | "peer_hung_up"
  /** No packets from the other side. */
  | "peer_lost";

/** Figures of a whole call. */
export interface CallFigures extends VoiceFigures {
  readonly seconds: number;
}

/** An event of a phone. */
export type PhoneEvent =
  | MessageEvent
  | LeftOutEvent
  | OutputFailedEvent
  | VersionEvent
  // Page
  /** The page is at `url`, which lets who knows it use this phone. */
  | { readonly event: "web_open"; readonly url: string }
  /** The TCP port of the page cannot be had. */
  | { readonly event: "web_failed"; readonly port: number; readonly detail: SystemError }
  // Registry
  | { readonly event: "registered"; readonly registry?: AnsweringRegistry } & PersonFields
  | { readonly event: "name_taken"; readonly name: string }
  /** The registry's operator removed the phone, or has just removed another one with the name that it wants. */
  | { readonly event: "removed"; readonly name: string }
  /** `text` is the registry's `mensagem`. */
  | { readonly event: "registration_refused"; readonly reason: ErrorCode; readonly text: string }
  /** `host` and `port` are those of the first registry, if there are several. */
  | {
    readonly event: "registry_unreachable";
    readonly host: string;
    readonly port: number;
    readonly detail: ConnectFailure;
  }
  /** With `--wait`: the phone tries until it is in the room. Once for each `kind` of `detail`. */
  | {
    readonly event: "registry_awaited";
    readonly host: string;
    readonly port: number;
    readonly detail: ConnectFailure;
  }
  | { readonly event: "registry_lost" }
  | { readonly event: "registry_back"; readonly name: string; readonly registry?: AnsweringRegistry }
  /** The phone came back to the registry under another address than `before`. */
  | { readonly event: "address_changed"; readonly before: string } & PersonFields
  /** The registry that answered has a panel, and gets copies of this phone's call messages. Once for each registry. */
  | { readonly event: "trace_shared"; readonly host: string; readonly port: number }
  /** A request while the connection to the registry is lost. */
  | { readonly event: "registry_away" }
  | { readonly event: "registry_full" }
  /** The room has a password, and the phone gave a wrong one (`given`) or none. */
  | { readonly event: "password_refused"; readonly given: boolean }
  | { readonly event: "person" } & PersonFields
  /** `similar`: people in the room who were perhaps meant. */
  | { readonly event: "unknown_person"; readonly name: string; readonly similar: readonly string[] }
  /** Nobody has the name that was `asked` for; one person's name differs from it only in case, accents or blanks. */
  | { readonly event: "other_spelling"; readonly asked: string; readonly name: string }
  | { readonly event: "people"; readonly people: readonly PersonFields[] }
  /** The registered address is a loopback address: other machines cannot call it. */
  | { readonly event: "only_local"; readonly ip: string }
  /** The registered address is link-local, and this host has several networks: not all other machines can call it. */
  | { readonly event: "only_link_local"; readonly ip: string }
  // Calls
  | { readonly event: "inviting" } & PersonFields
  | { readonly event: "ringing"; readonly name: string }
  | { readonly event: "invitation" } & PersonFields
  /** Refused a call while busy. */
  | { readonly event: "busy_rejected"; readonly name: string }
  /** Refused a call without encryption, which this phone requires. */
  | { readonly event: "unencrypted_rejected"; readonly name: string }
  /** Refused a call for `wanted`, a person of another name, whose address this phone has now. */
  | { readonly event: "misdirected_rejected"; readonly name: string; readonly wanted: string }
  | { readonly event: "rejected"; readonly name: string; readonly reason: RejectReason }
  /** The registered address is no phone's, or nothing can be sent there: the call was not made, or given up at once. */
  | { readonly event: "unreachable"; readonly detail: AddressProblem | SystemError } & PersonFields
  /** The invited phone did not answer. */
  | { readonly event: "no_answer"; readonly name: string }
  /** The other phone accepted without encryption, which this one requires. */
  | { readonly event: "not_encrypted"; readonly name: string }
  /** This side withdrew its own invitation. */
  | { readonly event: "invitation_cancelled"; readonly name: string }
  /** The caller withdrew the invitation, or vanished. */
  | { readonly event: "invitation_withdrawn"; readonly name: string }
  /** It rang for 30 s. */
  | { readonly event: "invitation_missed"; readonly name: string }
  | { readonly event: "invitation_refused"; readonly name: string }
  /** Both phones invited each other at once: it becomes one call. */
  | { readonly event: "invitations_crossed"; readonly name: string }
  /** `code` is for both people to compare; null if the call is not encrypted. */
  | { readonly event: "call_started"; readonly code: string | null } & PersonFields
  | { readonly event: "key_log_failed"; readonly path: string; readonly detail: SystemError }
  | { readonly event: "peer_silent"; readonly name: string; readonly seconds: number }
  | { readonly event: "peer_back"; readonly name: string }
  /** The other phone's address has changed; the call goes on at the new one. */
  | { readonly event: "peer_moved" } & PersonFields
  /** At least that many meaningless datagrams were ignored. */
  | { readonly event: "flooded"; readonly datagrams: number }
  | { readonly event: "call_ended"; readonly name: string; readonly end: CallEnd } & CallFigures
  // Sound
  | { readonly event: "muted"; readonly muted: boolean }
  | { readonly event: "audio_failed"; readonly side: SoundSide } & AudioFailure
  /** Devices were lost in a call, which goes on and uses them again once they return. */
  | { readonly event: "audio_lost"; readonly detail: AudioDetail } & DeviceNames
  | { readonly event: "audio_back" } & DeviceNames
  | { readonly event: "devices"; readonly devices: readonly Device[] }
  /** A call is recorded in `path`; `wanted` is the file of the command line, another one if that existed. */
  | { readonly event: "recording"; readonly path: string; readonly wanted: string }
  /** The recording is complete. */
  | { readonly event: "recorded"; readonly path: string; readonly seconds: number }
  // Commands
  | { readonly event: "help" }
  /** `similar`: words that were perhaps meant. */
  | { readonly event: "unknown_command"; readonly text: string; readonly similar: readonly string[] }
  | { readonly event: "name_missing"; readonly command: string }
  | { readonly event: "bad_name"; readonly name: string }
  /** A typed line has bytes that are not UTF-8. */
  | { readonly event: "not_utf8"; readonly text: string }
  | { readonly event: "not_in_call" }
  | { readonly event: "nothing_to_answer" }
  | { readonly event: "already_in_call"; readonly name: string }
  | { readonly event: "calling_oneself" }
  /** One of the two phones is on IPv6 and the other on IPv4. */
  | { readonly event: "other_ip_version"; readonly name: string; readonly ip: string }
  | { readonly event: "port_in_use"; readonly port: number }
  /** The UDP port cannot be had for another reason. */
  | { readonly event: "port_unusable"; readonly port: number; readonly detail: SystemError }
  | { readonly event: "wrong_usage"; readonly problem: UsageProblem }
  | { readonly event: "failed"; readonly detail: PhoneFailure }
  | { readonly event: "closed" };

/** A device, library or file that cannot be used; `asked` if the command line names it. */
export interface AudioFailure {
  readonly code: AudioErrorCode;
  readonly subject: string;
  readonly detail: AudioDetail;
  readonly asked: boolean;
}

/** One device or both, with their names; one name if both have the same. */
export interface DeviceNames {
  readonly side: SoundSide;
  readonly names: readonly string[];
}

/** The state of a call, for the status line. The figures follow once the devices are open. */
export interface CallStatus extends Partial<VoiceFigures> {
  readonly name: string;
  readonly seconds: number;
  /** Five digits; null if the call is not encrypted. */
  readonly code: string | null;
  /** Levels of the last packet in dB below full scale, -100 to 0. */
  readonly microphoneDb: number;
  readonly speakerDb: number;
  readonly muted: boolean;
}

/** An invitation that rings, for the live line: somebody calls (`in`), or is called (`out`). */
export interface RingStatus {
  readonly ringing: "in" | "out";
  /** The other person. */
  readonly name: string;
  /** How long it has been ringing. */
  readonly seconds: number;
}

/** The content of the live line. */
export type LiveStatus = CallStatus | RingStatus;
