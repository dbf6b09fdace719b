/** A scripted phone: raw lines over TCP. */

import { LineSplitter } from "../../lib/protocol/line_splitter.ts";
import { writeAll } from "../../lib/util/write_all.ts";

const encoder = new TextEncoder();

/** One side of a TCP connection, line by line. */
export class Wire implements Disposable {
  readonly connection: Deno.TcpConn;
  readonly #splitter = new LineSplitter();
  readonly #lines: string[] = [];

  constructor(connection: Deno.TcpConn) {
    this.connection = connection;
  }

  /** Connects to a port of this machine. */
  static async connect(port: number, hostname = "127.0.0.1"): Promise<Wire> {
    const connection = await Deno.connect({ hostname, port });
    connection.setNoDelay(true);
    return new Wire(connection);
  }

  /** Sends objects as lines, and texts and bytes as they are. */
  async send(...messages: (string | Uint8Array | object)[]): Promise<void> {
    for (const message of messages) {
      const bytes = message instanceof Uint8Array
        ? message
        : encoder.encode(typeof message === "string" ? message : `${JSON.stringify(message)}\n`);
      await writeAll(this.connection, bytes);
    }
  }

  /** The next line, or undefined at the end of the stream. */
  async line(): Promise<string | undefined> {
    const buffer = new Uint8Array(4096);
    while (this.#lines.length === 0) {
      const count = await this.connection.read(buffer);
      if (count === null) return undefined;
      for (const line of this.#splitter.push(buffer.subarray(0, count))) {
        if ("text" in line) this.#lines.push(line.text);
      }
    }
    return this.#lines.shift();
  }

  /** The next line as JSON. */
  // deno-lint-ignore no-explicit-any -- tests compare it with the expected message
  async message(): Promise<any> {
    const line = await this.line();
    if (line === undefined) throw new Error("The connection has ended");
    return JSON.parse(line);
  }

  /** Registers a name. @returns The reply. */
  async register(nome: string, porta = 6000): Promise<unknown> {
    await this.send({ tipo: "registro", nome, ip: "127.0.0.1", porta });
    return await this.message();
  }

  [Symbol.dispose](): void {
    try {
      this.connection.close();
    } catch {
      // The test has closed it.
    }
  }
}
