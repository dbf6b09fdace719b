/**
 * TCP connections between registries by which each learns at once that another one's process has ended: its system closes
 * them. They carry this registry's id, and then a byte each second. Whoever is asked on them never sends anything: so the
 * close of a process that was killed is FIN and not RST (RFC 9293, section 3.10.4), which a firewall may send as well.
 */

import { isLoopback } from "../../protocol/address.ts";
import { pause } from "../../util/pause.ts";
import { within } from "../../util/time_limit.ts";
import { writeAll } from "../../util/write_all.ts";
import type { MachineAddress, RegistryRecord } from "./records.ts";

/** Time limit for connecting, and for the first line. */
const CONNECT_MS = 1000;

/** Pause before a life line is tried again. */
const RETRY_MS = 1000;

/** The same after FIN: a process that ends may take connections until its last moment. */
const FINISHED_MS = 100;

/** Most life lines to this registry. */
const MOST_LINES = 64;

/** Longest first line, in bytes. */
const ID_BYTES = 64;

const encoder = new TextEncoder();

/** What life lines tell. */
export interface LifeListener {
  /** The process of another registry has ended. */
  handleSilence(registry: string): void;
}

/** What answers at an address: the registry, nobody, another program, or it cannot be known. */
type Found =
  | { readonly kind: "alive"; readonly line: Deno.TcpConn }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown" };

/** The life lines of one registry. */
export class LifeLines {
  /** Where this registry's are. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #own: readonly MachineAddress[];
  readonly #told: LifeListener;
  readonly #lines = new Set<Deno.TcpConn>();
  readonly #links = new Map<string, AbortController>();
  #id: string;
  #closed = false;

  /** @param own This machine's addresses. */
  constructor(host: string, port: number, id: string, own: readonly MachineAddress[], told: LifeListener) {
    this.#listener = Deno.listen({ hostname: host, port });
    this.port = this.#listener.addr.port;
    this.#id = id;
    this.#own = own;
    this.#told = told;
    this.#accept();
  }

  /** This registry has another id from now on: whoever has a life line to the one before shall ask again. */
  identify(id: string): void {
    if (id === this.#id) return;
    this.#id = id;
    for (const line of this.#lines) close(line);
  }

  /** Watches over another registry. */
  link(record: RegistryRecord): void {
    this.unlink(record.id);
    const ending = new AbortController();
    this.#links.set(record.id, ending);
    this.#follow(record, ending.signal);
  }

  unlink(registry: string): void {
    this.#links.get(registry)?.abort();
    this.#links.delete(registry);
  }

  close(): void {
    this.#closed = true;
    this.#listener.close();
    for (const line of this.#lines) close(line);
    for (const id of [...this.#links.keys()]) this.unlink(id);
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      let line: Deno.TcpConn;
      try {
        line = await this.#listener.accept();
      } catch {
        // Closed, or out of descriptors for a while.
        if (!this.#closed) await pause(RETRY_MS);
        continue;
      }
      if (this.#closed || this.#lines.size >= MOST_LINES) close(line);
      else this.#serve(line);
    }
  }

  /** Tells that this registry runs, until the other one closes. Never rejects. */
  async #serve(line: Deno.TcpConn): Promise<void> {
    this.#lines.add(line);
    try {
      line.setNoDelay(true);
      line.setKeepAlive(true);
      await writeAll(line, encoder.encode(`${this.#id}\n`));
      // Whatever comes is none of this protocol; a close ends the wait.
      await line.read(new Uint8Array(1));
    } catch {
      // The other side has closed.
    } finally {
      close(line);
      this.#lines.delete(line);
    }
  }

  async #follow({ id, addresses, lifePort }: RegistryRecord, ended: AbortSignal): Promise<void> {
    // Addresses at which the registry was, and whose line FIN has ended: what is there then tells whether it has, too.
    const finished = new Set<MachineAddress>();
    while (!ended.aborted) {
      let again = false;
      for (const address of addresses) {
        const found = await this.#find(id, address, lifePort);
        if (found.kind === "alive") {
          again = await this.#listen(found.line, ended);
          if (again) finished.add(address);
          else finished.delete(address);
        }
        if (ended.aborted) return;
        if (found.kind === "gone" && (finished.has(address) || this.#isOwn(address))) {
          this.#told.handleSilence(id);
        }
        if (again) break;
      }
      if (!again) await pause(finished.size > 0 ? FINISHED_MS : RETRY_MS, ended);
    }
  }

  /** Reads a line to its end. @returns Whether it ended by FIN. */
  async #listen(line: Deno.TcpConn, ended: AbortSignal): Promise<boolean> {
    const stop = (): void => close(line);
    ended.addEventListener("abort", stop);
    const bytes = new Uint8Array(ID_BYTES);
    try {
      // Whatever comes after the id is none of this protocol.
      return await line.read(bytes) === null;
    } catch {
      return false;
    } finally {
      ended.removeEventListener("abort", stop);
      close(line);
    }
  }

  /** Looks whether a registry is at an address. */
  async #find(id: string, { ip }: MachineAddress, port: number): Promise<Found> {
    const limit = AbortSignal.timeout(CONNECT_MS);
    let line: Deno.TcpConn;
    try {
      line = await Deno.connect({ hostname: ip, port, signal: limit });
    } catch (error) {
      return { kind: error instanceof Deno.errors.ConnectionRefused ? "gone" : "unknown" };
    }
    const first = readLine(line).catch(() => undefined);
    if (!await within(CONNECT_MS, first)) {
      close(line);
      return { kind: "unknown" };
    }
    const said = await first;
    if (said === id) return { kind: "alive", line };
    close(line);
    return { kind: said === undefined ? "unknown" : "gone" };
  }

  /**
   * Whether an address is one of this machine's, where nobody stands between. Docker makes hardware addresses out of its own
   * networks' IP addresses, so that two machines may have the same pair.
   */
  #isOwn({ ip, mac }: MachineAddress): boolean {
    if (isLoopback(ip) || mac.startsWith("02:42:")) return false;
    return this.#own.some((own) => own.ip === ip && own.mac === mac);
  }
}

/** The first line of a connection; undefined if there is none. */
async function readLine(line: Deno.TcpConn): Promise<string | undefined> {
  const bytes = new Uint8Array(ID_BYTES);
  let count = 0;
  while (count < ID_BYTES) {
    const more = await line.read(bytes.subarray(count));
    if (more === null) return undefined;
    count += more;
    const end = bytes.indexOf(10);
    if (end >= 0) return new TextDecoder().decode(bytes.subarray(0, end));
  }
  return undefined;
}

function close(line: Deno.TcpConn): void {
  try {
    line.close();
  } catch {
    // Already closed.
  }
}
