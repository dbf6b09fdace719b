import type { Endpoint } from "../../../lib/protocol/address.ts";
import { LOOPBACK, RelaySocket } from "../../../testing/netem/relay.ts";

/** A datagram and its sender. */
export interface Letter {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/** A socket that queues what it receives. */
export class Mailbox implements AsyncDisposable {
  readonly #letters: Letter[] = [];
  #wake: () => void = () => {};
  readonly #socket: RelaySocket;

  constructor(port = 0) {
    this.#socket = new RelaySocket(port, (bytes, from) => {
      this.#letters.push({ bytes, from });
      this.#wake();
    });
  }

  get port(): number {
    return this.#socket.port;
  }

  send(bytes: Uint8Array, port: number): void {
    this.#socket.send(bytes, { ip: LOOPBACK, port });
  }

  /** The next one that came or comes. */
  async next(): Promise<Letter> {
    while (this.#letters.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#letters.shift()!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket[Symbol.asyncDispose]();
  }
}
