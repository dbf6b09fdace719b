/** A phone on the wire of a registry: it says what a test tells it, and answers pings. */

import { LineSplitter } from "../lib/protocol/line_splitter.ts";

/** A message of a registry. */
export type WireReply = Readonly<Record<string, unknown>> & { readonly tipo: string };

/** A connection to a registry. */
export class WirePhone implements AsyncDisposable {
  /** Settles with the time at which the connection ended. */
  readonly closed: Promise<number>;
  /** Settles at the first ping. */
  readonly pinged: Promise<void>;
  readonly #connection: Deno.TcpConn;
  readonly #waiting: ((reply: WireReply | undefined) => void)[] = [];
  #answersPings: boolean;
  #over = false;
  readonly #pinged = Promise.withResolvers<void>();

  private constructor(connection: Deno.TcpConn, answersPings: boolean) {
    this.#connection = connection;
    this.#answersPings = answersPings;
    this.pinged = this.#pinged.promise;
    this.closed = this.#read();
  }

  /** @param answersPings Otherwise it is a phone that has vanished from its network. */
  static async connect(port: number, host = "127.0.0.1", answersPings = true): Promise<WirePhone> {
    return new WirePhone(await Deno.connect({ hostname: host, port }), answersPings);
  }

  /** Sends a request. @returns Its reply; undefined if the connection ends first. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<WireReply | undefined> {
    if (this.#over) return undefined;
    const { promise, resolve } = Promise.withResolvers<WireReply | undefined>();
    this.#waiting.push(resolve);
    await this.#send(request);
    return await promise;
  }

  /** Registers a name at the address of its connection. @returns `registro_confirmado`, the `codigo` of the refusal, or `lost`. */
  async register(nome: string, porta = 6000): Promise<string> {
    const ip = this.#connection.localAddr.hostname;
    const reply = await this.ask({ tipo: "registro", nome, ip, porta });
    return reply ? codeOf(reply) : "lost";
  }

  /** Looks a name up. @returns Its port, or undefined if nobody has it. */
  async find(nome: string): Promise<number | undefined> {
    return (await this.ask({ tipo: "consulta", nome }))?.porta as number | undefined;
  }

  /** Everybody in the room, by name. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    let from: unknown;
    for (;;) {
      const reply = await this.ask({ tipo: "lista", a_partir: from });
      names.push(...(reply?.usuarios as { nome: string }[] ?? []).map(({ nome }) => nome));
      from = reply?.proximo;
      if (from === undefined) return names.sort();
    }
  }

  /** Answers no ping any more, like a phone whose network is gone. */
  vanish(): void {
    this.#answersPings = false;
  }

  close(): void {
    this.#over = true;
    try {
      this.#connection.close();
    } catch {
      // Already closed.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  async #send(message: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.#connection.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
    } catch {
      // The reader notices.
    }
  }

  async #read(): Promise<number> {
    const splitter = new LineSplitter();
    const bytes = new Uint8Array(8192);
    try {
      for (let count; (count = await this.#connection.read(bytes)) !== null;) {
        for (const line of splitter.push(bytes.subarray(0, count))) if ("text" in line) this.#take(line.text);
      }
    } catch {
      // Reset, or closed here.
    }
    const at = performance.now();
    this.close();
    for (const settle of this.#waiting.splice(0)) settle(undefined);
    return at;
  }

  #take(text: string): void {
    const message = JSON.parse(text) as WireReply;
    if (message.tipo === "ping") {
      this.#pinged.resolve();
      if (this.#answersPings) this.#send({ tipo: "pong" });
    } else this.#waiting.shift()?.(message);
  }
}

function codeOf({ tipo, codigo }: WireReply): string {
  return tipo === "erro" ? String(codigo) : tipo;
}
