/** A relay between two SIP phones. The caller dials it. */

import type { Endpoint } from "../../lib/protocol/address.ts";
import {
  type ImpairedPath,
  ImpairedPaths,
  LOOPBACK,
  type Network,
  type PathCounts,
  type Relay,
  RelaySocket,
} from "./relay.ts";

/** Two sockets at adjacent ports: RTP at the even port, RTCP at the next (RFC 3550, section 11). */
interface MediaPair extends AsyncDisposable {
  readonly rtp: RelaySocket;
  readonly rtcp: RelaySocket;
}

/** Attempts to find two adjacent free ports. */
const PAIR_ATTEMPTS = 100;

/**
 * Passes SIP on (RFC 3261), with its own voice ports in place of the phones' in every session description (RFC 4566). It
 * stays out of the dialog: the caller sends later requests directly to the callee's contact.
 */
export class SipRelay implements Relay {
  readonly #paths: ImpairedPaths;
  readonly #callee: Endpoint;
  #caller: Endpoint | undefined;
  /** The SIP sockets towards the caller and towards the callee. */
  readonly #front: RelaySocket;
  readonly #back: RelaySocket;
  /** The voice sockets towards the caller and towards the callee. */
  readonly #frontMedia: MediaPair;
  readonly #backMedia: MediaPair;
  #callerMediaPort: number | undefined;
  #calleeMediaPort: number | undefined;

  /** @param calleePort The callee's SIP port, on this machine. */
  constructor(calleePort: number, network: Network) {
    this.#callee = { ip: LOOPBACK, port: calleePort };
    this.#paths = new ImpairedPaths(network);
    this.#front = new RelaySocket(0, (datagram, from) => this.#fromCaller(datagram, from));
    this.#back = new RelaySocket(0, (datagram) => this.#fromCallee(datagram));
    this.#frontMedia = openPair((datagram, offset) => {
      const socket = offset === 0 ? this.#backMedia.rtp : this.#backMedia.rtcp;
      this.#passVoice(this.#paths.forward, datagram, socket, this.#calleeMediaPort, offset);
    });
    this.#backMedia = openPair((datagram, offset) => {
      const socket = offset === 0 ? this.#frontMedia.rtp : this.#frontMedia.rtcp;
      this.#passVoice(this.#paths.backward, datagram, socket, this.#callerMediaPort, offset);
    });
  }

  /** The port to dial. */
  get port(): number {
    return this.#front.port;
  }

  get forward(): PathCounts {
    return this.#paths.forward.counts;
  }

  begin(): void {
    this.#paths.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#paths[Symbol.dispose]();
    const parts = [this.#front, this.#back, this.#frontMedia, this.#backMedia];
    await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
  }

  #fromCaller(datagram: Uint8Array, from: Endpoint): void {
    this.#caller = from;
    const { message, mediaPort } = withMediaPort(datagram, this.#backMedia.rtp.port);
    this.#callerMediaPort = mediaPort ?? this.#callerMediaPort;
    this.#back.send(message, this.#callee);
  }

  #fromCallee(datagram: Uint8Array): void {
    if (!this.#caller) return;
    const { message, mediaPort } = withMediaPort(datagram, this.#frontMedia.rtp.port);
    this.#calleeMediaPort = mediaPort ?? this.#calleeMediaPort;
    this.#front.send(message, this.#caller);
  }

  #passVoice(
    path: ImpairedPath,
    datagram: Uint8Array,
    socket: RelaySocket,
    rtpPort: number | undefined,
    offset: 0 | 1,
  ): void {
    if (rtpPort === undefined) return;
    path.pass(datagram, (late) => socket.send(late, { ip: LOOPBACK, port: rtpPort + offset }));
  }
}

function openPair(onDatagram: (datagram: Uint8Array, offset: 0 | 1) => void): MediaPair {
  for (let attempt = 0; attempt < PAIR_ATTEMPTS; attempt++) {
    const rtp = new RelaySocket(0, (datagram) => onDatagram(datagram, 0));
    try {
      if (rtp.port % 2 === 0) {
        const rtcp = new RelaySocket(rtp.port + 1, (datagram) => onDatagram(datagram, 1));
        return {
          rtp,
          rtcp,
          async [Symbol.asyncDispose]() {
            await Promise.all([rtp[Symbol.asyncDispose](), rtcp[Symbol.asyncDispose]()]);
          },
        };
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
    rtp[Symbol.asyncDispose]();
  }
  throw new Error("Cannot find two free UDP ports side by side");
}

/**
 * Replaces the voice port in the session description, if there is one.
 *
 * @param datagram A SIP message; anything else is returned unchanged.
 * @returns The message with its new length, and the previous port.
 */
export function withMediaPort(
  datagram: Uint8Array,
  port: number,
): { readonly message: Uint8Array; readonly mediaPort: number | undefined } {
  const text = new TextDecoder().decode(datagram);
  const bodyStart = text.indexOf("\r\n\r\n") + 4;
  const body = text.slice(bodyStart);
  const voice = /^m=audio (\d+) /m.exec(body);
  if (bodyStart < 4 || !voice) return { message: datagram, mediaPort: undefined };
  const newBody = body.replace(voice[0], `m=audio ${port} `)
    // Without this attribute (RFC 3605) RTCP goes to the next port.
    .replace(/^a=rtcp:.*\r\n/m, "");
  const length = new TextEncoder().encode(newBody).length;
  const head = text.slice(0, bodyStart).replace(/^(Content-Length|l)\s*:.*$/mi, `Content-Length: ${length}`);
  return { message: new TextEncoder().encode(head + newBody), mediaPort: Number(voice[1]) };
}
