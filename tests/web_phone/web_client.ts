/** Clients of a phone's page server: as a browser's page, and as a program that may send any bytes. */

import type { PageMessage, PageRequest } from "../../lib/web_phone/page_messages.ts";
import { SUBPROTOCOL } from "../../lib/web_phone/page_messages.ts";

/** Headers of a WebSocket's handshake (RFC 6455, section 4.1), for {@linkcode statusOf}. */
export const HANDSHAKE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
} as const;

/** Sends a request with exactly these headers. @returns The whole response's head, and what of the body came with it. */
export async function rawRequest(
  port: number,
  line: string,
  headers: Readonly<Record<string, string | undefined>>,
  hostname = "127.0.0.1",
): Promise<string> {
  using connection = await Deno.connect({ hostname, port });
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`]
  );
  await connection.write(new TextEncoder().encode([line, ...lines, "", ""].join("\r\n")));
  const buffer = new Uint8Array(65_536);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

/** The status of a response to {@linkcode rawRequest}. */
export async function statusOf(...request: Parameters<typeof rawRequest>): Promise<number> {
  return Number((await rawRequest(...request)).split(" ")[1]);
}

/** A page, as the phone's own one speaks. */
export class TestPage implements AsyncDisposable {
  readonly messages: PageMessage[] = [];
  readonly socket: WebSocket;
  readonly #closed = Promise.withResolvers<number>();
  #more = Promise.withResolvers<void>();

  /** @param address As the phone tells it. */
  constructor(address: string, path = "/line") {
    const { host, hash } = new URL(address);
    this.socket = openSocket(host, path, hash.slice(1));
    this.socket.addEventListener("message", ({ data }) => {
      this.messages.push(JSON.parse(data));
      this.#more.resolve();
    });
    this.socket.addEventListener("close", ({ code }) => this.#closed.resolve(code));
    this.socket.addEventListener("error", () => {});
  }

  /** The code with which the phone closed it. */
  get closed(): Promise<number> {
    return this.#closed.promise;
  }

  send(request: PageRequest): void {
    this.socket.send(JSON.stringify(request));
  }

  /** Waits for a message that was not waited for before. */
  async message<Type extends PageMessage["type"]>(
    type: Type,
    matches: (message: PageMessage & { readonly type: Type }) => boolean = () => true,
  ): Promise<PageMessage & { readonly type: Type }> {
    for (;;) {
      const at = this.messages.findIndex((one) =>
        one.type === type && matches(one as PageMessage & { readonly type: Type })
      );
      if (at >= 0) return this.messages.splice(0, at + 1).at(-1) as PageMessage & { readonly type: Type };
      await this.#more.promise;
      this.#more = Promise.withResolvers();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState <= WebSocket.OPEN) this.socket.close();
    await this.closed;
  }
}

/** Opens a WebSocket as the page does. */
export function openSocket(host: string, path: string, token: string): WebSocket {
  const options = { protocols: [SUBPROTOCOL, token], headers: { origin: `http://${host}` } };
  // TypeScript's WebSocket knows no headers; the runtime's takes them.
  const socket = new WebSocket(`ws://${host}${path}`, options as unknown as string[]);
  socket.binaryType = "arraybuffer";
  return socket;
}
