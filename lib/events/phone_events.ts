/**
 * Everything that a phone has to tell its person. A screen turns an event into a sentence in the
 * person's language; with `--json` the event itself is the line.
 */

import type { AudioDetail, AudioErrorCode } from "../../audio/audio_io.ts";
import type { Device, SoundSide } from "../../audio/audio_devices.ts";
import type { VoiceFigures } from "../voice/voice_session.ts";
import type { RejectReason } from "../protocol/call_messages.ts";
import type { ErrorCode } from "../protocol/registry_messages.ts";
import type { ConnectFailure, Refusal } from "../registration/registry_client.ts";
import type { SystemError } from "../util/system_error.ts";
import type { LeftOutEvent, MessageEvent, PersonFields } from "./fields.ts";
import type { UsageProblem } from "./usage_problem.ts";

export type { Device, SoundSide };

/** What went wrong that nothing else says: the registry refused a question, or the system something else. */
export type PhoneFailure = Refusal | SystemError;

/** How a call ended. */
export type CallEnd =
  /** This side said goodbye. */
  | "hung_up"
  /** The other side said goodbye. */
  | "peer_hung_up"
  /** Nothing came from the other side for too long. */
  | "peer_lost";

/** What a call's voice came to. */
export interface CallFigures extends VoiceFigures {
  readonly seconds: number;
}

/** What a phone tells its person. */
export type PhoneEvent =
  | MessageEvent
  | LeftOutEvent
  // Registry
  | { readonly event: "registered" } & PersonFields
  | { readonly event: "name_taken"; readonly name: string }
  /** `text` is the registry's own. */
  | { readonly event: "registration_refused"; readonly reason: ErrorCode; readonly text: string }
  | {
    readonly event: "registry_unreachable";
    readonly host: string;
    readonly port: number;
    readonly detail: ConnectFailure;
  }
  | { readonly event: "registry_lost" }
  | { readonly event: "registry_back"; readonly name: string }
  /** Something was asked of a registry that is lost. */
  | { readonly event: "registry_away" }
  | { readonly event: "registry_full" }
  /** The room has a password; `given` where this phone had one, which was wrong. */
  | { readonly event: "password_refused"; readonly given: boolean }
  | { readonly event: "person" } & PersonFields
  | { readonly event: "unknown_person"; readonly name: string }
  | { readonly event: "people"; readonly people: readonly PersonFields[] }
  /** The registered address is this machine's own loopback: phones on other machines cannot call it. */
  | { readonly event: "only_local"; readonly ip: string }
  // Calls
  | { readonly event: "inviting" } & PersonFields
  | { readonly event: "ringing"; readonly name: string }
  | { readonly event: "invitation" } & PersonFields
  /** Somebody called while this phone was busy, and was told so. */
  | { readonly event: "busy_rejected"; readonly name: string }
  /** Somebody called without encryption, which this phone requires, and was told so. */
  | { readonly event: "unencrypted_rejected"; readonly name: string }
  | { readonly event: "rejected"; readonly name: string; readonly reason: RejectReason }
  /** The invited phone never said anything, or its person never did. */
  | { readonly event: "no_answer"; readonly name: string }
  /** The other phone took the call without encryption, which this one requires. */
  | { readonly event: "not_encrypted"; readonly name: string }
  /** This side withdrew its own invitation. */
  | { readonly event: "invitation_cancelled"; readonly name: string }
  /** The caller withdrew the invitation, or vanished, before it was answered. */
  | { readonly event: "invitation_withdrawn"; readonly name: string }
  /** It rang until the time was over. */
  | { readonly event: "invitation_missed"; readonly name: string }
  | { readonly event: "invitation_refused"; readonly name: string }
  /** Both invited each other at the same moment: it becomes one call. */
  | { readonly event: "invitations_crossed"; readonly name: string }
  /** `code` is what both people read out if the call is encrypted, and null if it is not. */
  | { readonly event: "call_started"; readonly code: string | null } & PersonFields
  | { readonly event: "key_log_failed"; readonly path: string; readonly detail: SystemError }
  | { readonly event: "peer_silent"; readonly name: string; readonly seconds: number }
  | { readonly event: "peer_back"; readonly name: string }
  /** Somebody sends this phone so many datagrams that mean nothing; it goes on. */
  | { readonly event: "flooded"; readonly datagrams: number }
  | { readonly event: "call_ended"; readonly name: string; readonly end: CallEnd } & CallFigures
  // Sound
  | { readonly event: "muted"; readonly muted: boolean }
  | { readonly event: "audio_failed"; readonly side: SoundSide } & AudioFailure
  /** Devices went away in a call, which goes on, and uses them again when they are back. */
  | { readonly event: "audio_lost"; readonly detail: AudioDetail } & DeviceNames
  | { readonly event: "audio_back" } & DeviceNames
  | { readonly event: "devices"; readonly devices: readonly Device[] }
  // Commands
  | { readonly event: "help" }
  | { readonly event: "unknown_command"; readonly text: string }
  | { readonly event: "name_missing"; readonly command: string }
  | { readonly event: "bad_name"; readonly name: string }
  | { readonly event: "not_in_call" }
  | { readonly event: "nothing_to_answer" }
  | { readonly event: "already_in_call"; readonly name: string }
  | { readonly event: "calling_oneself" }
  /** The other phone is on IPv6 and this one on IPv4, or the other way about. */
  | { readonly event: "other_ip_version"; readonly name: string; readonly ip: string }
  | { readonly event: "port_in_use"; readonly port: number }
  | { readonly event: "wrong_usage"; readonly problem: UsageProblem }
  | { readonly event: "failed"; readonly detail: PhoneFailure }
  | { readonly event: "closed" };

/** Why a device, library or file cannot be used; `asked` where it was named on the command line. */
export interface AudioFailure {
  readonly code: AudioErrorCode;
  readonly subject: string;
  readonly detail: AudioDetail;
  readonly asked: boolean;
}

/** One device or both, and what they are called: a single name where both are one. */
export interface DeviceNames {
  readonly side: SoundSide;
  readonly names: readonly string[];
}

/** What the line above the prompt shows during a call. Figures are there once the devices are open. */
export interface CallStatus extends Partial<VoiceFigures> {
  readonly name: string;
  readonly seconds: number;
  /** Five digits, or null where the call is not encrypted. */
  readonly code: string | null;
  /** Loudness of the last moment in dB below full scale, -100 to 0. */
  readonly microphoneDb: number;
  readonly speakerDb: number;
  readonly muted: boolean;
}
