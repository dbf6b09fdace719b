/** File descriptors that this process has left. */

/**
 * Counts the free file descriptors by opening UDP sockets on the loopback interface and closing them again: 10 ms for
 * 250. That needs the network permission only, unlike `/proc/self/limits` (all permissions) or `getrlimit(2)` (FFI), and
 * covers the system's limit as well as the process's.
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
