/** The options of a phone. */

import type { Encryption } from "../call/encryption_policy.ts";
import type { RegistryPlace } from "../registration/connect_failure.ts";

/** UDP port for invitations, unless the command line names another. */
export const DEFAULT_PHONE_PORT = 6000;

/** Ways to answer invitations. */
export const ANSWERS = ["ask", "accept", "reject"] as const;

/** Whether the loudspeaker rings. */
export const RINGS = ["tone", "none"] as const;

/** The settings of one run. */
export interface PhoneOptions {
  /** The registries of the room, at least one. */
  readonly registries: readonly RegistryPlace[];
  /** In NFC, and a proper name. */
  readonly name: string;
  /** UDP port for invitations; 0 is any free one. */
  readonly port: number;
  /** Whether to wait for a registry that is not there yet. */
  readonly wait: boolean;
  /** The person to call at once; the phone leaves when the call is over. In NFC, and a proper name. */
  readonly call: string | undefined;
  readonly answer: (typeof ANSWERS)[number];
  readonly ring: (typeof RINGS)[number];
  /** Seconds after which each call is ended, greater than 0; or once the microphone's file is at its end. */
  readonly hangUpAfter: number | "file" | undefined;
  /** The address to register, in its one text form. */
  readonly ip: string | undefined;
  readonly encryption: Encryption;
  /** The file for the keys of each call. */
  readonly logKeys: string | undefined;
  /** Whether a registry with a panel that asks for copies of call messages gets them. */
  readonly shareTrace: boolean;
  readonly voice: VoiceOptions;
  /** The room's password, if it has one. */
  readonly password?: string;
  /** TLS to the registry, with certificates in PEM to trust besides the well-known ones. */
  readonly tls?: { readonly caCerts: string[] };
}

/** How to send voice, and what improves it. */
export interface VoiceOptions {
  /** Milliseconds of sound in each packet: 10 have less delay and cost more. */
  readonly frameMs: 10 | 20;
  /** Under losses, packets carry in-band FEC for the frame before them (RFC 6716, section 2.1.7). */
  readonly errorCorrection: boolean;
  /** Under losses, packets carry whole earlier frames (RFC 2198). */
  readonly redundancy: boolean;
  /** The jitter buffer plays faster or slower to follow the network. */
  readonly stretching: boolean;
  readonly echoCancel: boolean;
  readonly noiseReduction: boolean;
  /** Automatic gain. */
  readonly gain: boolean;
}
