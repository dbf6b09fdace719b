/** The registry's side of the operator's commands: a local socket that only its owner may use. */

import { dirname, join } from "node:path";
import { isTooLong } from "./control_path.ts";
import { personFields } from "../events/fields.ts";
import type { ControlDetail } from "../events/registry_events.ts";
import type { RegistryServer } from "../registrar/server.ts";
import { LineSplitter } from "../protocol/line_splitter.ts";
import { pause } from "../util/pause.ts";
import { systemError } from "../util/system_error.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { writeAll } from "../util/write_all.ts";
import { type ControlAnswer, type ControlCommand, parseCommand } from "./control_messages.ts";

/** Most connections at a time; others wait. */
const MAX_CONNECTIONS = 8;

/** Time limit of a connection, in milliseconds. */
const CONNECTION_MS = 15_000;

/** Pause after a failed accept, in milliseconds. */
const ACCEPT_RETRY_MS = 100;

/** What of a registry the commands need. */
export type Controlled = Pick<RegistryServer, "people" | "remove" | "drain">;

/** There is no socket, and why. */
export class ControlError extends Error {
  override readonly name = "ControlError";

  constructor(readonly detail: ControlDetail) {
    super(detail.kind);
  }
}

/**
 * Makes the socket at a path: with mode 0600, in a folder that nobody else can write to. Whoever may open it is the
 * registry's own user, or root: the runtime does not tell a connection's user (`SO_PEERCRED`).
 *
 * A socket that a killed registry left there is replaced. The new one is made in a folder of its own and then renamed, so
 * that there is no moment with another mode, no link is followed, and no other file is replaced.
 *
 * Needs the permissions to read and write, which may be given up afterwards. So the socket's file stays behind at the end.
 *
 * @param makeFolder Whether to make the folder of the path, for this user only.
 * @throws {ControlError} If that cannot be.
 */
export async function openControl(path: string, makeFolder: boolean): Promise<Deno.UnixListener> {
  try {
    return await listenAt(path, makeFolder);
  } catch (error) {
    throw error instanceof ControlError ? error : new ControlError(systemError(error));
  }
}

/** Obeys the commands that come by such a socket, until it is disposed of. */
export function serveControl(listener: Deno.UnixListener, registry: Controlled): Disposable {
  return new ControlServer(listener, registry);
}

async function listenAt(path: string, makeFolder: boolean): Promise<Deno.UnixListener> {
  if (Deno.build.os === "windows") throw new ControlError({ kind: "no_local_sockets" });
  const folder = dirname(path);
  let made = false;
  if (makeFolder) {
    try {
      await Deno.mkdir(folder, { mode: 0o700 });
      made = true;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  // mkdtemp(3): for this user only.
  const own = await Deno.makeTempDir({ dir: folder, prefix: "." });
  try {
    const temporary = join(own, "s");
    if ([path, temporary].some(isTooLong)) throw new ControlError({ kind: "name_too_long" });
    const { uid } = await Deno.lstat(own);
    await refuseShared(folder, uid, makeFolder);
    if (makeFolder) await refuseForeign(dirname(folder), uid);
    await refuseOthers(path);
    const listener = Deno.listen({ transport: "unix", path: temporary });
    try {
      await Deno.chmod(temporary, 0o600);
      await Deno.rename(temporary, path);
    } catch (error) {
      listener.close();
      throw error;
    }
    await Deno.remove(own, { recursive: true });
    return listener;
  } catch (error) {
    await Deno.remove(own, { recursive: true });
    if (made) await Deno.remove(folder).catch(() => {});
    throw error;
  }
}

/**
 * Refuses `XDG_RUNTIME_DIR` of another user, as `su` passes it on: its owner could put another folder in the place of this
 * user's, and could not have one of that name.
 *
 * @throws {ControlError} If it is so.
 */
async function refuseForeign(runtimeDir: string, user: number | null): Promise<void> {
  if ((await Deno.stat(runtimeDir)).uid !== user) throw new ControlError({ kind: "folder_not_private" });
}

/** @throws {ControlError} If another user can put files into the folder, or has made it. */
async function refuseShared(folder: string, user: number | null, noLink: boolean): Promise<void> {
  const { isDirectory, mode, uid } = await (noLink ? Deno.lstat(folder) : Deno.stat(folder));
  const ours = uid === user || uid === 0;
  if (!isDirectory || !ours || ((mode ?? 0) & 0o022) !== 0) {
    throw new ControlError({ kind: "folder_not_private" });
  }
}

/** @throws {ControlError} If something is there that is no socket, or a registry that answers. */
async function refuseOthers(path: string): Promise<void> {
  const there = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (!there) return;
  if (!there.isSocket) throw new ControlError({ kind: "not_a_socket" });
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    // Left by a registry that has ended. One that is stopped and has its queue full gives EAGAIN (connect(2)).
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound) return;
  }
  throw new ControlError({ kind: "other_registry" });
}

class ControlServer implements Disposable {
  readonly #listener: Deno.UnixListener;
  readonly #registry: Controlled;
  readonly #connections = new Map<Deno.UnixConn, Promise<void>>();
  #closed = false;

  constructor(listener: Deno.UnixListener, registry: Controlled) {
    this.#listener = listener;
    this.#registry = registry;
    this.#accept();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    for (const connection of this.#connections.keys()) close(connection);
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        const connection = await this.#listener.accept();
        this.#connections.set(connection, this.#serve(connection));
      } catch {
        if (!this.#closed) await pause(ACCEPT_RETRY_MS);
      }
      if (this.#connections.size >= MAX_CONNECTIONS) await Promise.race(this.#connections.values());
    }
  }

  /** Answers the commands of a connection. Never rejects. */
  async #serve(connection: Deno.UnixConn): Promise<void> {
    try {
      await withTimeLimit(CONNECTION_MS, undefined, () => this.#converse(connection));
    } catch {
      // The other side has gone, or takes too long.
    } finally {
      close(connection);
      this.#connections.delete(connection);
    }
  }

  async #converse(connection: Deno.UnixConn): Promise<void> {
    const splitter = new LineSplitter();
    const buffer = new Uint8Array(1024);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      for (const line of splitter.push(buffer.subarray(0, count))) {
        const command = "text" in line ? parseCommand(line.text) : undefined;
        const answer: ControlAnswer = command ? await this.#obey(command) : { answer: "not_understood" };
        await writeAll(connection, new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
      }
    }
  }

  async #obey(command: ControlCommand): Promise<ControlAnswer> {
    switch (command.command) {
      case "list":
        return { answer: "people", people: this.#registry.people().map(personFields) };
      case "drain":
        return { answer: "drained", connections: await this.#registry.drain() };
      case "kick": {
        const removed = this.#registry.remove(command.name);
        return removed ? { answer: "removed", person: personFields(removed) } : { answer: "unknown_person" };
      }
    }
  }
}

function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
