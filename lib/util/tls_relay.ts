/** TLS for connections that this program can close at any time. */

import { closeQuietly } from "./close_quietly.ts";
import { SerialQueue } from "./serial_queue.ts";
import { within } from "./time_limit.ts";
import { writeAll } from "./write_all.ts";

/** Certificate chain and private key in PEM. */
export interface TlsKeys {
  readonly cert: string;
  readonly key: string;
}

/** File descriptors of one connection: the peer's, and both ends of the one through which it gets its TLS. */
export const TLS_DESCRIPTORS = 3;

/** Where this machine speaks with itself. */
const LOOPBACK = ["127.0.0.1", "::1"] as const;

/** Default size of the buffers of each connection, in bytes: most messages of the registry, with what TLS adds. */
const BUFFER_BYTES = 1024;

/** Time for the alert that ends a connection, in milliseconds. */
const ALERT_MS = 1000;

/**
 * The runtime keeps a TLS socket open behind the program's back until its peer has shaken hands and has taken all that was written,
 * even if the program closes it: peers that say nothing could take all descriptors, from one address and in two minutes. So a
 * peer's connection is a plain one, and its bytes pass over a second connection, of this machine with itself, on which TLS is
 * spoken. Closing the peer's ends that one, too.
 */
export class TlsRelay {
  #listener: Deno.TlsListener;
  readonly #pairing = new SerialQueue();
  readonly #bufferBytes: number;

  /** @throws {Error} If the keys are no good. */
  constructor(keys: TlsKeys, bufferBytes = BUFFER_BYTES) {
    this.#listener = listen(keys);
    this.#bufferBytes = bufferBytes;
  }

  /** Uses other keys from now on. @throws {Error} If they are no good; then it goes on with those it has. */
  renew(keys: TlsKeys): void {
    const earlier = this.#listener;
    this.#listener = listen(keys);
    this.#pairing.run(() => Promise.resolve(earlier.close()));
  }

  /**
   * The peer's side of a connection, in TLS. Nothing has been said on it yet. Its addresses are those of this machine.
   *
   * @throws {Error} If there is none, as for want of descriptors; then the connection is as it was.
   */
  async secure(peer: Deno.TcpConn): Promise<Deno.TlsConn> {
    const [near, tls] = await this.#pairing.run(() => pair(this.#listener));
    try {
      for (const socket of [peer, near]) socket.setNoDelay(true);
      peer.setKeepAlive(true);
    } catch (error) {
      // The peer's has been closed meanwhile.
      for (const socket of [near, tls]) socket.close();
      throw error;
    }
    const [read, close] = [tls.read.bind(tls), tls.close.bind(tls)];
    const closeAll = (): void => {
      closeQuietly(peer);
      closeQuietly(near);
    };
    pass(peer, near, this.#bufferBytes).catch(closeAll);
    const passedOn = pass(near, peer, this.#bufferBytes).catch(closeAll);
    return Object.assign(tls, {
      async read(buffer: Uint8Array): Promise<number | null> {
        try {
          return await read(buffer);
        } catch (error) {
          // First the peer gets the alert that says why (RFC 8446, section 6.2).
          closeQuietly({ close });
          await within(ALERT_MS, passedOn);
          throw error;
        }
      },
      close(): void {
        closeAll();
        close();
      },
    });
  }

  /** Connections stay. */
  close(): void {
    this.#pairing.run(() => Promise.resolve(this.#listener.close()));
  }
}

function listen(keys: TlsKeys): Deno.TlsListener {
  const [ipv4, ipv6] = LOOPBACK;
  try {
    return Deno.listenTls({ hostname: ipv4, port: 0, ...keys });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrNotAvailable)) throw error;
    return Deno.listenTls({ hostname: ipv6, port: 0, ...keys });
  }
}

/** Both ends of a connection. Programs of this machine may connect there, too; nobody listens to them. */
async function pair(listener: Deno.TlsListener): Promise<[Deno.TcpConn, Deno.TlsConn]> {
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const near = await Deno.connect({ hostname, port });
  try {
    for (;;) {
      const tls: Deno.TlsConn = await listener.accept();
      if ((tls.remoteAddr as { port?: number }).port === near.localAddr.port) return [near, tls];
      tls.close();
    }
  } catch (error) {
    near.close();
    throw error;
  }
}

/** Passes all bytes on, then the end. Rejects if either side fails. */
async function pass(from: Deno.TcpConn, to: Deno.TcpConn, bufferBytes: number): Promise<void> {
  const buffer = new Uint8Array(bufferBytes);
  for (let count; (count = await from.read(buffer)) !== null;) await writeAll(to, buffer.subarray(0, count));
  await to.closeWrite();
}
