/** A stretch of network between two phones, for tests: sees every datagram, and may change it. */

import { redirected } from "../../testing/netem/sala_relay.ts";
import { LOOPBACK, RelaySocket } from "../../testing/netem/relay.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import { SIGNALLING_FIRST_BYTE } from "../../lib/protocol/call_messages.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";

/** The sender of a datagram. */
export type Sender = "caller" | "callee";

/** A datagram on its way. */
export interface Datagram {
  readonly from: Sender;
  readonly bytes: Uint8Array;
}

/** Changes a signalling message on its way. */
export type Tamper = (from: Sender, fields: Record<string, unknown>) => Record<string, unknown>;

/** Registered under a name of its own; a call to that name reaches the callee through it. */
export class Wire implements AsyncDisposable {
  /** Every datagram so far. */
  readonly datagrams: Datagram[] = [];
  readonly #front: RelaySocket;
  readonly #back: RelaySocket;
  #registration: RegistryClient | undefined;
  #caller: Endpoint | undefined;

  private constructor(calleePort: number, tamper: Tamper) {
    const callee = { ip: LOOPBACK, port: calleePort };
    const tampered = (from: Sender, bytes: Uint8Array) => {
      if (bytes[0] !== SIGNALLING_FIRST_BYTE) return bytes;
      const fields = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      return new TextEncoder().encode(JSON.stringify(tamper(from, fields)));
    };
    this.#front = new RelaySocket(0, (bytes, from) => {
      this.#caller = from;
      this.datagrams.push({ from: "caller", bytes });
      const changed = tampered("caller", bytes);
      this.#back.send(redirected(changed, { ip: LOOPBACK, port: this.#back.port }), callee);
    });
    this.#back = new RelaySocket(0, (bytes) => {
      this.datagrams.push({ from: "callee", bytes });
      if (this.#caller) this.#front.send(tampered("callee", bytes), this.#caller);
    });
  }

  /** Opens a wire to the phone at a port of this machine, and registers it. */
  static async open(
    registryPort: number,
    name: string,
    calleePort: number,
    tamper: Tamper = (_, fields) => fields,
  ): Promise<Wire> {
    const wire = new Wire(calleePort, tamper);
    const connected = await RegistryClient.connect(LOOPBACK, registryPort);
    if (connected.kind !== "connected") throw new Error("The wire cannot reach the registry");
    wire.#registration = connected.client;
    await connected.client.register(name, LOOPBACK, wire.#front.port);
    return wire;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#front[Symbol.asyncDispose](),
      this.#back[Symbol.asyncDispose](),
      this.#registration?.[Symbol.asyncDispose](),
    ]);
  }
}
