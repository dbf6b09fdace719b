/** A phone's connection to the registry. */

import { lookup } from "node:dns/promises";
import { canonicalIp, type Endpoint, ipVersion, isPort } from "../protocol/address.ts";
import { LineSplitter } from "../protocol/line_splitter.ts";
import {
  type ErrorCode,
  parseReply,
  type Person,
  type RegistryReply,
  type RegistryRequest,
} from "../protocol/registry_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import type { RoomPassword } from "../protocol/password_challenge.ts";
import { type SystemError, systemError } from "../util/system_error.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { type TlsError, tlsError } from "../util/tls_error.ts";

/** How long an attempt to connect may take in all, in milliseconds. */
const CONNECT_MS = 5000;

/** How long the registry may take to answer; then the connection counts as lost. */
const REPLY_MS = 10_000;

/**
 * How long nothing may have come before the registry is asked for a sign of life: longer than the 15 s after which it
 * asks by itself, so that one `ping` serves both, and with the time for an answer less than 30 s.
 */
const QUIET_MS = 18_000;

/** How long a goodbye waits to be confirmed. */
const FAREWELL_MS = 1000;

/** A registry that owes a reply is watched by the reply's own time; then it is enough to look again a little later. */
const SHORTEST_WATCH_MS = 100;

const READ_BYTES = 8192;

/** What a client can be told. None of the functions may throw. */
export interface RegistryClientOptions {
  /** Told of every message, as it stood on the wire. */
  readonly onTrace?: (trace: Trace) => void;
  /** Told once if the connection ends before {@linkcode RegistryClient.close}. */
  readonly onLost?: () => void;
  /** Gives up the attempt to connect. It means nothing to a connection that is made. */
  readonly signal?: AbortSignal;
  /** How long to try to connect, in milliseconds. */
  readonly connectMs?: number;
  /** How long to wait for each reply, in milliseconds. */
  readonly replyMs?: number;
  /** How long nothing may have come before the registry is sent a `ping`, in milliseconds. */
  readonly quietMs?: number;
  /** The room's password, for a registry that asks for one. */
  readonly password?: RoomPassword;
  /** TLS, with certificates in PEM that are trusted besides the well-known ones. */
  readonly tls?: { readonly caCerts: string[] };
}

/** Why no connection was made. */
export type ConnectFailure =
  | SystemError
  | TlsError
  /** The registry ended the connection before TLS was there. */
  | Lost
  /** The caller gave up. */
  | { readonly kind: "aborted" };

/** The registry said no: `codigo` and `mensagem` of its `erro`, the latter not yet made safe to show. */
export interface Refusal {
  readonly kind: "registry_refused";
  readonly reason: ErrorCode;
  readonly text: string;
}

/** The connection was gone before the answer came. */
export interface Lost {
  readonly kind: "lost";
}

/** What came of a connection attempt. */
export type ConnectResult = { readonly kind: "connected"; readonly client: RegistryClient } | ConnectFailure;

/** What came of {@linkcode RegistryClient.register}. */
export type RegisterResult =
  | { readonly kind: "confirmed"; readonly person: Person }
  | { readonly kind: "name_taken" }
  | { readonly kind: "room_full" }
  /** The registry asks for a password, and there is none, or not in a way that a phone should answer. */
  | { readonly kind: "password_needed" }
  | { readonly kind: "wrong_password" }
  | Refusal
  | Lost;

/** What came of {@linkcode RegistryClient.lookUp}. */
export type LookUpResult =
  | { readonly kind: "found"; readonly person: Person }
  | { readonly kind: "unknown" }
  | Refusal
  | Lost;

/** What came of {@linkcode RegistryClient.list}. */
export type ListResult = { readonly kind: "people"; readonly people: readonly Person[] } | Refusal | Lost;

type Reply<Type extends RegistryReply["tipo"]> = Extract<RegistryReply, { tipo: Type }>;

/** A request that waits for its reply. */
interface Pending {
  /** The replies that it hopes for; an `erro` answers every request. */
  readonly types: readonly RegistryReply["tipo"][];
  readonly settle: (reply: RegistryReply | undefined) => void;
}

/**
 * A phone's connection to the registry, open until it is closed or lost. What the registry is expected to say is
 * a result, not an exception: no method rejects.
 */
export class RegistryClient implements AsyncDisposable {
  /** This machine's address on the connection, so the one under which the registry's people can reach it. */
  readonly localIp: string;
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #peer: Endpoint;
  readonly #onTrace: (trace: Trace) => void;
  readonly #onLost: () => void;
  readonly #password: RoomPassword | undefined;
  readonly #replyMs: number;
  readonly #quietMs: number;
  readonly #encoder = new TextEncoder();
  /** In the order of their requests, which is the order of the replies. */
  readonly #pending: Pending[] = [];
  readonly #reading: Promise<void>;
  #heardAt = performance.now();
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #outgoing = "";
  #writing = false;
  #roomFull = false;
  #leaving = false;
  #over = false;

  private constructor(connection: Deno.TcpConn | Deno.TlsConn, options: RegistryClientOptions) {
    this.#connection = connection;
    this.localIp = canonicalIp(connection.localAddr.hostname);
    this.#peer = { ip: canonicalIp(connection.remoteAddr.hostname), port: connection.remoteAddr.port };
    this.#onTrace = options.onTrace ?? (() => {});
    this.#onLost = options.onLost ?? (() => {});
    this.#password = options.password;
    this.#replyMs = options.replyMs ?? REPLY_MS;
    this.#quietMs = options.quietMs ?? QUIET_MS;
    this.#reading = this.#read();
    this.#watch();
  }

  /**
   * Connects to a registry.
   *
   * @param host A name or an IPv4 or IPv6 address; of a name's addresses the first that answers is taken.
   * @returns The client, or why there is none. Never rejects.
   */
  static async connect(
    host: string,
    port: number,
    options: RegistryClientOptions = {},
  ): Promise<ConnectResult> {
    const { signal, connectMs = CONNECT_MS } = options;
    if (!isPort(port)) return { kind: "other", text: `port ${port}` };
    const deadline = performance.now() + connectMs;
    try {
      const addresses = await withTimeLimit(connectMs, signal, () => addressesOf(host));
      for (const [index, address] of addresses.entries()) {
        // Each address has its share of the time, so that a dead first one does not use up all of it.
        const share = Math.max(0, deadline - performance.now()) / (addresses.length - index);
        try {
          const connection = await withTimeLimit(share, signal, async (limit) => {
            const made = await Deno.connect({ hostname: address, port, signal: limit });
            if (limit.aborted) made.close();
            try {
              made.setNoDelay(true);
              made.setKeepAlive(true);
            } catch {
              // Some systems say so if the other side has closed already; the reading will notice.
            }
            return options.tls ? await secure(made, host, options.tls.caCerts, limit) : made;
          });
          return { kind: "connected", client: new RegistryClient(connection, options) };
        } catch (error) {
          if (index === addresses.length - 1 || signal?.aborted) throw error;
        }
      }
      return { kind: "name_not_resolved" };
    } catch (error) {
      return failureOf(error, signal);
    }
  }

  /** Whether the connection is over, closed or lost. */
  get closed(): boolean {
    return this.#over;
  }

  /** Asks for a name. After `name_taken` it may be asked for another. */
  async register(name: string, ip: string, port: number): Promise<RegisterResult> {
    const person = { nome: name.normalize("NFC"), ip, porta: port };
    let reply = await this.#ask({ tipo: "registro", ...person }, "registro_confirmado", "desafio");
    if (reply?.tipo === "desafio") {
      const answer = await this.#password?.answer(reply, person);
      if (!answer) return { kind: "password_needed" };
      reply = await this.#ask({ tipo: "resposta_desafio", ...answer }, "registro_confirmado");
    }
    // A full room says so of its own accord and closes, perhaps before it was asked.
    if (!reply) return this.#roomFull ? { kind: "room_full" } : { kind: "lost" };
    if (reply.tipo === "registro_confirmado") return { kind: "confirmed", person: personOf(reply) };
    if (reply.codigo === "nome_em_uso") return { kind: "name_taken" };
    if (reply.codigo === "sala_cheia") return { kind: "room_full" };
    if (reply.codigo === "senha_incorreta") return { kind: "wrong_password" };
    return refusalOf(reply);
  }

  /** Asks where somebody is. */
  async lookUp(name: string): Promise<LookUpResult> {
    const reply = await this.#ask({ tipo: "consulta", nome: name }, "resposta_consulta");
    if (!reply) return { kind: "lost" };
    if (reply.tipo !== "erro") return { kind: "found", person: personOf(reply) };
    return reply.codigo === "usuario_nao_encontrado" ? { kind: "unknown" } : refusalOf(reply);
  }

  /** Asks who is in the room: everybody, in as many pages as the registry makes of it. */
  async list(): Promise<ListResult> {
    const people: Person[] = [];
    let from: number | undefined;
    for (;;) {
      const request = from === undefined
        ? { tipo: "lista" } as const
        : { tipo: "lista", a_partir: from } as const;
      const reply = await this.#ask(request, "resposta_lista");
      if (!reply) return { kind: "lost" };
      if (reply.tipo === "erro") return refusalOf(reply);
      people.push(...reply.usuarios);
      // Seats only grow and a page that is followed by another has somebody on it, or it would never end.
      const { proximo } = reply;
      if (proximo === undefined || proximo <= (from ?? -1) || reply.usuarios.length === 0) {
        return { kind: "people", people };
      }
      from = proximo;
    }
  }

  /**
   * Leaves: says `fechamento`, waits a moment for its confirmation, and closes the connection.
   *
   * @param name The registered name; without one, the connection is closed without a word.
   * @returns Whether the registry confirmed it.
   */
  async close(name?: string): Promise<boolean> {
    let confirmed = false;
    this.#leaving = true;
    if (name !== undefined && !this.#over) {
      const request = { tipo: "fechamento", nome: name } as const;
      const asked = this.#askWithin(FAREWELL_MS, request, ["fechamento_confirmado"]);
      confirmed = (await asked)?.tipo === "fechamento_confirmado";
    }
    this.#end();
    await this.#reading;
    return confirmed;
  }

  /** Closes the connection without a word, unless it is closed already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Sends a request.
   *
   * @returns Its reply, or undefined if the connection is over first, or the time: a connection whose replies are
   * no longer in step with its requests is of no use, so it is given up.
   */
  #ask<Type extends RegistryReply["tipo"]>(
    request: RegistryRequest,
    ...types: readonly Type[]
  ): Promise<Reply<Type> | Reply<"erro"> | undefined> {
    return this.#askWithin(this.#replyMs, request, types);
  }

  #askWithin<Type extends RegistryReply["tipo"]>(
    ms: number,
    request: RegistryRequest,
    types: readonly Type[],
  ): Promise<Reply<Type> | Reply<"erro"> | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Reply<Type> | Reply<"erro"> | undefined>();
    const timer = setTimeout(() => this.#lose(), ms);
    this.#pending.push({
      types,
      settle: (reply) => {
        clearTimeout(timer);
        resolve(reply as Reply<Type> | Reply<"erro"> | undefined);
      },
    });
    this.#send(request);
    return promise;
  }

  /** Asks a registry that has said nothing for long whether it is there: one that vanished does not close. */
  #watch(): void {
    const quiet = performance.now() - this.#heardAt;
    if (quiet >= this.#quietMs && this.#pending.length === 0) {
      this.#ask({ tipo: "ping" }, "pong").then(() => {
        if (!this.#over) this.#watch();
      });
      return;
    }
    this.#quietTimer = setTimeout(() => this.#watch(), Math.max(this.#quietMs - quiet, SHORTEST_WATCH_MS));
  }

  #send(message: RegistryRequest): void {
    const text = JSON.stringify(message);
    this.#onTrace({ direction: "sent", transport: "TCP", peer: this.#peer, text });
    this.#outgoing += `${text}\n`;
    this.#write();
  }

  /** Writes what waits to be sent. One at a time, for a write may take only a part. */
  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      while (this.#outgoing !== "") {
        const bytes = this.#encoder.encode(this.#outgoing);
        this.#outgoing = "";
        for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
      }
    } catch {
      // There may be something left to read, such as why the registry closed: the reading notices the end.
    } finally {
      this.#writing = false;
    }
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter();
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#heardAt = performance.now();
        for (const line of splitter.push(buffer.subarray(0, count))) {
          const text = "text" in line ? line.text : `${line.beginning}…`;
          this.#onTrace({ direction: "received", transport: "TCP", peer: this.#peer, text });
          if ("text" in line) this.#receive(line.text);
        }
      }
    } catch {
      // Reset by the other side, or closed by this one.
    }
    this.#lose();
  }

  /** One line of the registry's. What cannot be read, or answers nothing, was shown and is otherwise ignored. */
  #receive(text: string): void {
    const parsed = parseReply(text);
    if ("problem" in parsed) return;
    const reply = parsed.message;
    if (reply.tipo === "ping") {
      this.#send(reply.id === undefined ? { tipo: "pong" } : { tipo: "pong", id: reply.id });
      return;
    }
    if (reply.tipo === "erro" && reply.codigo === "sala_cheia") this.#roomFull = true;
    const first = this.#pending[0];
    if (first && (first.types.includes(reply.tipo) || reply.tipo === "erro")) {
      this.#pending.shift();
      first.settle(reply);
    }
  }

  /** The connection is over without this side having wished it. */
  #lose(): void {
    if (this.#end() && !this.#leaving) this.#onLost();
  }

  /** Ends everything. @returns False if all was over before. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#quietTimer);
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
    for (const { settle } of this.#pending.splice(0)) settle(undefined);
    return true;
  }
}

function personOf({ nome, ip, porta }: Person): Person {
  return { nome, ip, porta };
}

function refusalOf({ codigo, mensagem }: Reply<"erro">): Refusal {
  return { kind: "registry_refused", reason: codigo, text: mensagem };
}

/** All addresses of a host, in the order that the system prefers. */
async function addressesOf(host: string): Promise<string[]> {
  if (ipVersion(host) !== 0) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** TLS over a connection, to the host of that name or address. The connection is closed if that fails or is given up. */
async function secure(
  connection: Deno.TcpConn,
  host: string,
  caCerts: string[],
  limit: AbortSignal,
): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(connection, { hostname: host, caCerts });
  const giveUp = (): void => secured.close();
  limit.addEventListener("abort", giveUp);
  try {
    await secured.handshake();
    return secured;
  } catch (error) {
    if (!limit.aborted) secured.close();
    throw error;
  } finally {
    limit.removeEventListener("abort", giveUp);
  }
}

function failureOf(error: unknown, signal: AbortSignal | undefined): ConnectFailure {
  if (signal?.aborted) return { kind: "aborted" };
  if ((error as Error).name === "TimeoutError") return { kind: "timeout" };
  if (error instanceof Deno.errors.UnexpectedEof) return { kind: "lost" };
  return tlsError(error) ?? systemError(error);
}
