/** The servers of `--cluster`. */

import { isPort } from "../protocol/address.ts";
import { badValue } from "./arguments.ts";

/** NATS servers, and the user in whose name they are asked. */
export interface ClusterServers {
  /** Hosts with their ports. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly user?: { readonly name: string; readonly password: string };
}

/** Port of a NATS server unless told otherwise. */
const NATS_PORT = 4222;

/** The parts of a server: scheme, user and password, host, port. */
const SERVER = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i;

/** Whether a text can be the name of a cluster's room: NATS allows these characters in names of buckets. */
export function isRoomName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,32}$/.test(text);
}

/**
 * Parses a list such as `nats://user:password@10.0.0.1:4222,nats://10.0.0.2`. The first user stands for all; one server with
 * `tls://` makes it TLS for all.
 *
 * @throws {UsageError} For the first that is no server. It does not repeat the password.
 */
export function clusterServers(option: string, text: string): ClusterServers {
  const servers: string[] = [];
  let tls = false;
  let user: ClusterServers["user"];
  for (const part of text.split(",").map((part) => part.trim())) {
    const [, scheme, login, host, port] = SERVER.exec(part) ?? [];
    const number = port === undefined ? NATS_PORT : Number(port);
    if (host === undefined || !isPort(number)) throw badValue(option, part.replace(/[^/]*@/, "…@"));
    servers.push(`${host}:${number}`);
    tls ||= scheme?.toLowerCase() === "tls";
    if (login !== undefined) user ??= loginOf(option, login);
  }
  return { servers, tls, ...(user && { user }) };
}

function loginOf(option: string, login: string): { name: string; password: string } {
  const at = login.indexOf(":");
  const [name, password] = at < 0 ? [login, ""] : [login.slice(0, at), login.slice(at + 1)];
  try {
    return { name: decodeURIComponent(name), password: decodeURIComponent(password) };
  } catch {
    throw badValue(option, "…@");
  }
}
