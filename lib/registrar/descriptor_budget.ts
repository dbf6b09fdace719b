/** File descriptors that this process has, and has left. */

/** What Linux says of this process's limits (proc_pid_limits(5)). */
const LIMITS_FILE = "file:///proc/self/limits";

/**
 * Most file descriptors of this process, which Deno has raised to the hard limit at its start; undefined where the system does not
 * say that. Ask before the program gives up reading files.
 */
export async function descriptorLimit(): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  try {
    // As a module: files of /proc are read with every permission only, modules with that for reading.
    const { default: limits } = await import(LIMITS_FILE, { with: { type: "text" } });
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // Another Deno may refuse.
    return undefined;
  }
}

/**
 * Counts the free file descriptors by opening UDP sockets on the loopback interface and closing them again: 10 ms for
 * 250. That needs the network permission only, and is for systems that do not tell their limit.
 *
 * @param limit Most descriptors to count.
 * @returns 0 to `limit`; `limit` if a socket fails to open for any other reason.
 */
export function spareDescriptors(limit: number): number {
  const sockets: Deno.DatagramConn[] = [];
  try {
    while (sockets.length < limit) {
      sockets.push(Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }));
    }
  } catch (error) {
    const { code } = error as { code?: unknown };
    // Limit of this process; of the system (errno(3)).
    if (code !== "EMFILE" && code !== "ENFILE") return limit;
  } finally {
    for (const socket of sockets) socket.close();
  }
  return sockets.length;
}
