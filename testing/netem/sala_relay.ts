/** A relay between two of this project's phones. The caller takes it for the callee. */

import { type Endpoint, formatEndpoint } from "../../lib/protocol/address.ts";
import { parseCallMessage, SIGNALLING_FIRST_BYTE } from "../../lib/protocol/call_messages.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { ImpairedPaths, LOOPBACK, type Network, type PathCounts, type Relay, RelaySocket } from "./relay.ts";

/**
 * Registers under a name of its own and passes calls to that name on to the callee: invitations with the relay's address
 * in place of the caller's.
 */
export class SalaRelay implements Relay {
  readonly #paths: ImpairedPaths;
  /** The sockets towards the caller and towards the callee. */
  readonly #front: RelaySocket;
  readonly #back: RelaySocket;
  readonly #callee: Endpoint;
  #registration: RegistryClient | undefined;
  #caller: Endpoint | undefined;

  private constructor(network: Network, callee: Endpoint) {
    this.#callee = callee;
    this.#paths = new ImpairedPaths(network);
    this.#front = new RelaySocket(0, (datagram, from) => this.#fromCaller(datagram, from));
    this.#back = new RelaySocket(0, (datagram) => this.#fromCallee(datagram));
  }

  /**
   * Opens a relay and registers it.
   *
   * @param registryPort The registry's, on this machine.
   * @param name Its name in the room.
   * @param calleePort The callee's registered port, on this machine.
   */
  static async open(
    registryPort: number,
    name: string,
    calleePort: number,
    network: Network,
  ): Promise<SalaRelay> {
    const relay = new SalaRelay(network, { ip: LOOPBACK, port: calleePort });
    const connected = await RegistryClient.connect(LOOPBACK, registryPort);
    if (connected.kind === "connected") {
      relay.#registration = connected.client;
      const result = await connected.client.register(name, LOOPBACK, relay.#front.port);
      if (result.kind === "confirmed") return relay;
    }
    const place = formatEndpoint({ ip: LOOPBACK, port: registryPort });
    await relay[Symbol.asyncDispose]();
    throw new Error(`Cannot register the relay as ${name} at ${place}`);
  }

  get forward(): PathCounts {
    return this.#paths.forward.counts;
  }

  begin(): void {
    this.#paths.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#paths[Symbol.dispose]();
    await Promise.all([
      this.#front[Symbol.asyncDispose](),
      this.#back[Symbol.asyncDispose](),
      this.#registration?.[Symbol.asyncDispose](),
    ]);
  }

  #fromCaller(datagram: Uint8Array, from: Endpoint): void {
    if (datagram[0] !== SIGNALLING_FIRST_BYTE) {
      return this.#paths.forward.pass(datagram, (late) => this.#back.send(late, this.#callee));
    }
    this.#caller = from;
    this.#back.send(redirected(datagram, { ip: LOOPBACK, port: this.#back.port }), this.#callee);
  }

  #fromCallee(datagram: Uint8Array): void {
    const caller = this.#caller;
    if (!caller) return;
    if (datagram[0] === SIGNALLING_FIRST_BYTE) this.#front.send(datagram, caller);
    else this.#paths.backward.pass(datagram, (late) => this.#front.send(late, caller));
  }
}

/**
 * Replaces the address in an invitation, and takes out whom it is for: the callee has another name than the relay. Other
 * datagrams are returned unchanged.
 */
export function redirected(datagram: Uint8Array, { ip, port }: Endpoint): Uint8Array {
  const parsed = parseCallMessage(datagram);
  if (!("message" in parsed) || parsed.message.tipo !== "convite") return datagram;
  // The parsed message would lack fields that this version does not know.
  const { destino: _, ...fields } = JSON.parse(new TextDecoder().decode(datagram)) as Record<string, unknown>;
  return new TextEncoder().encode(JSON.stringify({ ...fields, ip, porta: port }));
}
