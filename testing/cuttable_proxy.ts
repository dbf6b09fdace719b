/** A network between a client and a server of this machine that can be cut. */

/** Passes TCP connections on to a port of this machine. */
export class CuttableProxy implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #connections = new Set<Deno.TcpConn>();

  /** @param target The port that it passes on to. */
  constructor(target: number) {
    this.#target = target;
    this.#accept();
  }

  /** Where it listens, at 127.0.0.1. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Ends all connections. New ones may be made. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) this.#pass(client);
    } catch {
      // Closed while a client came.
    }
  }

  async #pass(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    try {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#connections.add(server);
      await Promise.all([copy(client, server), copy(server, client)]);
      this.#connections.delete(server);
    } catch {
      // No server is there now.
      close(client);
    }
    this.#connections.delete(client);
  }
}

/** Passes on what comes until either end is closed, and then closes both. */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  await from.readable.pipeTo(to.writable).catch(() => {});
  [from, to].forEach(close);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
