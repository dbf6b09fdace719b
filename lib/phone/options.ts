/** What a phone can be told to do. */

import type { Encryption } from "../call/encryption_policy.ts";

/** Where a phone listens for invitations unless told otherwise. */
export const DEFAULT_PHONE_PORT = 6000;

/** What to do about invitations. */
export const ANSWERS = ["ask", "accept", "reject"] as const;

/** What a phone is to do. */
export interface PhoneOptions {
  /** Host name or address of the registry, an IPv6 address without brackets. */
  readonly host: string;
  /** TCP port of the registry. */
  readonly registryPort: number;
  /** In NFC, and a proper name. */
  readonly name: string;
  /** UDP port for invitations; 0 is any free one. */
  readonly port: number;
  /** Whom to call at once, to leave when the call is over. In NFC, and a proper name. */
  readonly call: string | undefined;
  readonly answer: (typeof ANSWERS)[number];
  /** Seconds after which each call is ended, greater than 0. */
  readonly hangUpAfter: number | undefined;
  /** The address to register, in its one text form. */
  readonly ip: string | undefined;
  readonly encryption: Encryption;
  /** A file that the keys of each call are written to. */
  readonly logKeys: string | undefined;
  readonly voice: VoiceOptions;
  /** The room's password, where there is one: see `lib/cli/phone_args.ts`. */
  readonly password?: string;
  /** TLS to the registry, with certificates in PEM that are trusted besides the well-known ones. */
  readonly tls?: { readonly caCerts: string[] };
}

/** How voice is sent, and what is done about what may spoil it. */
export interface VoiceOptions {
  /** Sound in each packet: shorter ones are heard sooner and cost more. */
  readonly frameMs: 10 | 20;
  /** Opus puts a coarse copy of each frame into the next packet when some are lost (in-band FEC). */
  readonly errorCorrection: boolean;
  /** Packets carry whole copies of those before them when some are lost (RFC 2198). */
  readonly redundancy: boolean;
  /** JitterBuffer follows the network by playing faster or slower. */
  readonly stretching: boolean;
  readonly echoCancel: boolean;
  readonly noiseReduction: boolean;
  /** Automatic gain. */
  readonly gain: boolean;
}
