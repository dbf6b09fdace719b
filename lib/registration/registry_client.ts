/** A phone's connection to the registry. */

import {
  addressProblem,
  canonicalIp,
  type Endpoint,
  inZone,
  ipVersion,
  isLinkLocal,
  isLoopback,
  isPort,
  zoneOf,
} from "../protocol/address.ts";
import { LineSplitter } from "../protocol/line_splitter.ts";
import {
  parseReply,
  type Person,
  type RegistryReply,
  type RegistryRequest,
} from "../protocol/registry_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import type { RoomPassword } from "../protocol/password_challenge.ts";
import { systemClock } from "../util/clock.ts";
import { systemError } from "../util/system_error.ts";
import { tlsError } from "../util/tls_error.ts";
import { VERSION } from "../util/version.ts";
import { WriteQueue } from "../util/write_queue.ts";
import type {
  ConnectFailure,
  Lost,
  NoReply,
  PlaceFailure,
  Refusal,
  RegistryPlace,
} from "./connect_failure.ts";
import { ConnectionRace, type RaceResult } from "./connection_race.ts";
import type { Candidate } from "./happy_eyeballs.ts";
import { HostAddresses } from "./host_addresses.ts";

/** Time limit for connecting to an address, in milliseconds. */
const CONNECT_MS = 5000;

/** Time limit for the addresses of a name, in milliseconds: the system asks its second name server after 5 s (resolv.conf(5)). */
const RESOLVE_MS = 8000;

/** Time limit for a reply, in milliseconds; after it the connection counts as lost. */
const REPLY_MS = 10_000;

/**
 * Silence of the registry before this side sends `ping`, in milliseconds: longer than the 15 s after which the registry
 * sends its own, and with the time for a reply less than 30 s.
 */
const QUIET_MS = 18_000;

/** Time limit for `fechamento_confirmado`, in milliseconds. */
const FAREWELL_MS = 1000;

/** Shortest time between two checks for silence, in milliseconds; a pending reply has its own time limit. */
const SHORTEST_WATCH_MS = 100;

const READ_BYTES = 8192;

/** First bytes of a TLS alert: content type, major version (RFC 8446, section 5.1). */
const TLS_ALERT = [21, 3];

/** Options of a {@linkcode RegistryClient}. None of the functions may throw. */
export interface RegistryClientOptions {
  /** Receives every message as it was on the wire. */
  readonly onTrace?: (trace: Trace) => void;
  /** Called once if the connection ends before {@linkcode RegistryClient.close}. */
  readonly onLost?: () => void;
  /** Aborts connecting; without effect on a connection. */
  readonly signal?: AbortSignal;
  /** Time limit for connecting to an address, in milliseconds. */
  readonly connectMs?: number;
  /** Names and their addresses: with it, what one round has learnt serves the next. */
  readonly addresses?: HostAddresses;
  /** Time limit for a reply, in milliseconds. */
  readonly replyMs?: number;
  /** Silence before a `ping`, in milliseconds. */
  readonly quietMs?: number;
  /** The room's password, if it has one. */
  readonly password?: RoomPassword;
  /** Uses TLS and trusts these certificates in PEM besides the well-known ones. */
  readonly tls?: { readonly caCerts: string[] };
}

/** Result of {@linkcode RegistryClient.connect}. */
export type ConnectResult = RaceResult<RegistryClient>;

/** Result of {@linkcode RegistryClient.register}. */
export type RegisterResult =
  | { readonly kind: "confirmed"; readonly person: Person }
  | { readonly kind: "name_taken" }
  /** The registry's operator has just removed whoever had the name. */
  | { readonly kind: "removed" }
  | { readonly kind: "room_full" }
  /** The registry demands a password and there is none, or its challenge is one that a phone must not answer. */
  | { readonly kind: "password_needed" }
  | { readonly kind: "wrong_password" }
  | Refusal
  | NoReply;

/** Result of {@linkcode RegistryClient.lookUp}. */
export type LookUpResult =
  | { readonly kind: "found"; readonly person: Person }
  | { readonly kind: "unknown" }
  | Refusal
  | Lost;

/** Result of {@linkcode RegistryClient.list}. */
export type ListResult = { readonly kind: "people"; readonly people: readonly Person[] } | Refusal | Lost;

type Reply<Type extends RegistryReply["tipo"]> = Extract<RegistryReply, { tipo: Type }>;

/** A request without its reply yet. */
interface Pending {
  /** The types of its reply besides `erro`. */
  readonly types: readonly RegistryReply["tipo"][];
  readonly settle: (reply: RegistryReply | undefined) => void;
}

/**
 * A phone's connection to the registry, open until it is closed or lost. Refusals and losses are results: no method
 * rejects.
 */
export class RegistryClient implements AsyncDisposable {
  /** This host's address on the connection: other phones can reach it there. */
  readonly localIp: string;
  /** Whether the registry is on this host. */
  readonly near: boolean;
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #peer: Endpoint;
  readonly #onTrace: (trace: Trace) => void;
  readonly #onLost: () => void;
  readonly #password: RoomPassword | undefined;
  readonly #replyMs: number;
  readonly #quietMs: number;
  readonly #writeQueue: WriteQueue;
  /** In the order of the requests, which is that of the replies. */
  readonly #pending: Pending[] = [];
  readonly #reading: Promise<void>;
  #heardAt = performance.now();
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #roomFull = false;
  #wantsTrace = false;
  #removed = false;
  /** What came so far, and why there is no reply. */
  #heard: "nothing" | "no_message" | "tls_alert" | "messages" = "nothing";
  #timedOut = false;
  #leaving = false;
  /** Whether it has not shown yet that it answers: its end is no loss. */
  #probing = false;
  #over = false;

  private constructor(connection: Deno.TcpConn | Deno.TlsConn, options: RegistryClientOptions) {
    this.#connection = connection;
    this.#writeQueue = new WriteQueue(connection);
    this.localIp = canonicalIp(connection.localAddr.hostname);
    this.#peer = { ip: canonicalIp(connection.remoteAddr.hostname), port: connection.remoteAddr.port };
    this.near = isLoopback(this.localIp) || this.localIp === this.#peer.ip;
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
   * @param host A name or an IPv4 or IPv6 address; of a name's addresses the first that answers counts.
   * @returns The client or the failure. Never rejects.
   */
  static connect(
    host: string,
    port: number,
    options: RegistryClientOptions = {},
  ): Promise<ConnectResult> {
    return RegistryClient.race([{ host, port }], options).next();
  }

  /**
   * Prepares a round over several registries, from which {@linkcode ConnectionRace.next} takes the first that answers.
   *
   * @param last The address to try last.
   */
  static race(
    places: readonly RegistryPlace[],
    options: RegistryClientOptions = {},
    last?: Endpoint,
  ): ConnectionRace<RegistryClient> {
    const { signal, connectMs, addresses = new HostAddresses() } = options;
    return new ConnectionRace(places, { attemptMs: connectMs ?? CONNECT_MS, last }, {
      clock: systemClock,
      signal,
      resolve: async (host, some) => {
        const found = await addresses.of(host, connectMs ?? RESOLVE_MS, { signal, some });
        if ("ips" in found) return found.ips;
        const failure = failureOf(found.error);
        return failure.kind === "timeout" ? { kind: "name_servers_silent" } : failure;
      },
      open: (candidate, giveUp) => RegistryClient.#open(candidate, giveUp, options),
      probe: (client) => client.#probe(),
      heard: (client) => client.#foreign,
      close: (client) => client.close(),
    });
  }

  /** Connects to one address. The race limits the time. */
  static async #open(
    { host, ip, port }: Candidate,
    signal: AbortSignal,
    options: RegistryClientOptions,
  ): Promise<{ readonly kind: "connected"; readonly client: RegistryClient } | ConnectFailure> {
    if (!isPort(port)) return { kind: "other", text: `port ${port}` };
    const problem = addressProblem(inZone(ip, ""));
    if (problem) return problem;
    // As a name server gives it: it does not know by which link this machine gets there.
    if (isLinkLocal(ip) && ipVersion(ip) === 6 && zoneOf(ip) === "") return { kind: "no_zone" };
    try {
      const made = await Deno.connect({ hostname: ip, port, signal });
      if (signal.aborted) {
        made.close();
        return { kind: "aborted" };
      }
      try {
        made.setNoDelay(true);
        made.setKeepAlive(true);
      } catch {
        // The other side has closed already; reading will notice.
      }
      const connection = options.tls ? await secure(made, host, options.tls.caCerts, signal) : made;
      return { kind: "connected", client: new RegistryClient(connection, options) };
    } catch (error) {
      return signal.aborted ? { kind: "aborted" } : failureOf(error);
    }
  }

  /** Asks for a sign of life: a host that only takes connections gives none. @returns Why there is none. */
  async #probe(): Promise<PlaceFailure | undefined> {
    this.#probing = true;
    const reply = await this.#ask({ tipo: "ping" }, "pong");
    this.#probing = false;
    if (this.#roomFull) return { kind: "room_full" };
    if (!reply) return this.#noReply;
    // Any other error is an answer, too: that of a registry without `ping`.
    return reply.tipo === "erro" && isTemporary(reply.codigo) ? refusalOf(reply) : undefined;
  }

  /** Gives the connection up as lost, as when its local address has left this host: nothing arrives there any more. */
  abandon(): void {
    this.#lose();
  }

  /** Whether the connection is over, closed or lost. */
  get closed(): boolean {
    return this.#over;
  }

  /** Whether the registry's operator removed this phone. */
  get removed(): boolean {
    return this.#removed;
  }

  /** Registers a name. After `name_taken` another one can be registered. */
  async register(name: string, ip: string, port: number): Promise<RegisterResult> {
    const person = { nome: name.normalize("NFC"), ip, porta: port };
    const request = { tipo: "registro", ...person, versao: VERSION } as const;
    let reply = await this.#ask(request, "registro_confirmado", "desafio");
    if (reply?.tipo === "desafio") {
      const answer = await this.#password?.answer(reply, person);
      if (!answer) return { kind: "password_needed" };
      reply = await this.#ask({ tipo: "resposta_desafio", ...answer }, "registro_confirmado");
    }
    // A full room sends `sala_cheia` and closes, perhaps before the request.
    if (!reply) return this.#roomFull ? { kind: "room_full" } : this.#noReply;
    if (reply.tipo === "registro_confirmado") {
      this.#wantsTrace = reply.rastro === true;
      return { kind: "confirmed", person: personOf(reply) };
    }
    if (reply.motivo === "retirado") return { kind: "removed" };
    if (reply.codigo === "nome_em_uso") return { kind: "name_taken" };
    if (reply.codigo === "sala_cheia") return { kind: "room_full" };
    if (reply.codigo === "senha_incorreta") return { kind: "wrong_password" };
    return refusalOf(reply);
  }

  /** Whether the registry has confirmed a name and asks for copies of call messages. */
  get wantsTrace(): boolean {
    return this.#wantsTrace && !this.#over;
  }

  /** Whether a line of copies would go out at once: they must not pile up before a request. */
  get readyForTrace(): boolean {
    return this.wantsTrace && this.#writeQueue.idle;
  }

  /** Sends a line of type `rastro`, to which there is no reply. Nothing unless {@linkcode RegistryClient.wantsTrace}. */
  sendTrace(line: string): void {
    if (this.wantsTrace) this.#sendText(line);
  }

  /** What came is no message. */
  get #foreign(): NoReply | undefined {
    if (this.#heard === "tls_alert") return { kind: "tls_wanted" };
    return this.#heard === "no_message" ? { kind: "not_a_registry" } : undefined;
  }

  /** Why there was no reply, on a connection that has ended. */
  get #noReply(): NoReply {
    return this.#foreign ?? { kind: this.#timedOut ? "timeout" : "lost" };
  }

  /** Looks a person up. */
  async lookUp(name: string): Promise<LookUpResult> {
    const reply = await this.#ask({ tipo: "consulta", nome: name }, "resposta_consulta");
    if (!reply) return { kind: "lost" };
    if (reply.tipo !== "erro") return { kind: "found", person: personOf(reply) };
    return reply.codigo === "usuario_nao_encontrado" ? { kind: "unknown" } : refusalOf(reply);
  }

  /** Lists all people in the room, page by page. */
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
      // `proximo` must grow and a page must not be empty: otherwise a hostile registry would keep this loop going.
      const { proximo } = reply;
      if (proximo === undefined || proximo <= (from ?? -1) || reply.usuarios.length === 0) {
        return { kind: "people", people };
      }
      from = proximo;
    }
  }

  /**
   * Unregisters with `fechamento`, waits up to 1 s for its confirmation, and closes the connection.
   *
   * @param name The registered name; without one, the connection is only closed.
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

  /** Closes the connection, without `fechamento`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Sends a request.
   *
   * @returns Its reply; undefined if the connection ends first or the time is over. The connection is closed then, since
   * later replies could not be matched to requests.
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
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#lose();
    }, ms);
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

  /** Sends `ping` after a silence: a registry whose host is down does not close the connection. */
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
    this.#sendText(JSON.stringify(message));
  }

  #sendText(text: string): void {
    this.#onTrace({ direction: "sent", transport: "TCP", peer: this.#peer, text });
    // A failed write does not end reading: the registry may have sent why it closed.
    this.#writeQueue.push(`${text}\n`);
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter();
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#heardAt = performance.now();
        if (this.#heard === "nothing") {
          const isAlert = TLS_ALERT.every((byte, index) => buffer[index] === byte);
          this.#heard = isAlert ? "tls_alert" : "no_message";
        }
        for (const line of splitter.push(buffer.subarray(0, count))) {
          const text = "text" in line ? line.text : `${line.beginning}…`;
          this.#onTrace({ direction: "received", transport: "TCP", peer: this.#peer, text });
          if ("text" in line) this.#receive(line.text);
        }
      }
    } catch {
      // Reset by the registry or closed here.
    }
    this.#lose();
  }

  /** Handles a line; an invalid message, or a reply without a request, is ignored. */
  #receive(text: string): void {
    const parsed = parseReply(text);
    if ("problem" in parsed) return;
    this.#heard = "messages";
    const reply = parsed.message;
    if (reply.tipo === "ping") {
      this.#send(reply.id === undefined ? { tipo: "pong" } : { tipo: "pong", id: reply.id });
      return;
    }
    if (reply.tipo === "erro" && reply.codigo === "sala_cheia") this.#roomFull = true;
    if (reply.tipo === "erro" && reply.motivo === "retirado") this.#removed = true;
    const first = this.#pending[0];
    if (first && (first.types.includes(reply.tipo) || reply.tipo === "erro")) {
      this.#pending.shift();
      first.settle(reply);
    }
  }

  /** The connection ended unasked. */
  #lose(): void {
    if (this.#end() && !this.#leaving && !this.#probing) this.#onLost();
  }

  /** Ends the connection. @returns False if it had ended before. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#quietTimer);
    try {
      this.#connection.close();
    } catch {
      // Closed already.
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

/** Errors that pass by themselves, or that another registry does not have: `sala_indisponivel` is a cluster's. */
const TEMPORARY: ReadonlySet<string> = new Set(["sala_cheia", "sala_indisponivel"]);

/** Whether an error says nothing about the next attempt, at this registry or another one. */
export function isTemporary(code: string): boolean {
  return TEMPORARY.has(code);
}

/** Performs the TLS handshake with that host. Closes the connection if it fails or is aborted. */
async function secure(
  connection: Deno.TcpConn,
  host: string,
  caCerts: string[],
  limit: AbortSignal,
): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(connection, { hostname: host, caCerts });
  const giveUp = (): void => secured.close();
  limit.addEventListener("abort", giveUp);
  if (limit.aborted) giveUp();
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

function failureOf(error: unknown): PlaceFailure {
  if ((error as Error).name === "TimeoutError") return { kind: "timeout" };
  if (error instanceof Deno.errors.UnexpectedEof) return { kind: "lost" };
  const failure = tlsError(error) ?? systemError(error);
  // So Linux refuses connections by IPv6 where IPv6 is off; no connection here asks for a local address of its own.
  return failure.kind === "address_not_available" ? { kind: "ip_version_not_available" } : failure;
}
