/** TLS for connections that this program can close at any time. */

import { SerialQueue } from "../util/serial_queue.ts";
import { within } from "../util/time_limit.ts";
import { writeAll } from "../util/write_all.ts";
import { closeQuietly, LINGER_MS, peerOf, type Socket } from "./connection.ts";

/** Certificate chain and private key in PEM. */
export interface TlsKeys {
  readonly cert: string;
  readonly key: string;
}

/** File descriptors of one connection: the phone's, and both ends of the one through which it gets its TLS. */
export const TLS_DESCRIPTORS = 3;

/** Where this machine speaks with itself. */
const LOOPBACK = ["127.0.0.1", "::1"] as const;

/** Size of the buffers of each connection, in bytes: most messages, with what TLS adds. */
const BUFFER_BYTES = 1024;

/**
 * The runtime keeps a TLS socket open behind the program's back until its peer has shaken hands and has taken all that was written,
 * even if the program closes it: peers that say nothing could take all descriptors, from one address and in two minutes. So a
 * phone's connection is a plain one, and its bytes pass over a second connection, of this machine with itself, on which TLS is
 * spoken. Closing the phone's ends that one, too.
 */
export class TlsRelay {
  #listener: Deno.TlsListener;
  readonly #pairing = new SerialQueue();

  /** @throws {Error} If the keys are no good. */
  constructor(keys: TlsKeys) {
    this.#listener = listen(keys);
  }

  /** Uses other keys from now on. @throws {Error} If they are no good; then it goes on with those it has. */
  renew(keys: TlsKeys): void {
    const earlier = this.#listener;
    this.#listener = listen(keys);
    this.#pairing.run(() => Promise.resolve(earlier.close()));
  }

  /**
   * The phone's side of a connection, in TLS. Nothing has been said on it yet. {@linkcode peerOf} gives the phone.
   *
   * @throws {Error} If there is none, as for want of descriptors; then the connection is as it was.
   */
  async secure(phone: Deno.TcpConn): Promise<Socket> {
    const [near, tls] = await this.#pairing.run(() => pair(this.#listener));
    for (const socket of [phone, near]) socket.setNoDelay(true);
    phone.setKeepAlive(true);
    const [read, close] = [tls.read.bind(tls), tls.close.bind(tls)];
    const closeAll = (): void => {
      closeQuietly(phone);
      closeQuietly(near);
    };
    pass(phone, near).catch(closeAll);
    const passedOn = pass(near, phone).catch(closeAll);
    return Object.assign(tls, {
      phone: peerOf(phone),
      async read(buffer: Uint8Array): Promise<number | null> {
        try {
          return await read(buffer);
        } catch (error) {
          // First the phone gets the alert that says why (RFC 8446, section 6.2).
          closeQuietly({ close });
          await within(LINGER_MS, passedOn);
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
async function pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let count; (count = await from.read(buffer)) !== null;) await writeAll(to, buffer.subarray(0, count));
  await to.closeWrite();
}
