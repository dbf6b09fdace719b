/** How many connections this process can still take. */

/**
 * How many file descriptors can still be opened, found out by opening them: sockets that nobody knows of, closed again at
 * once, 10 ms for 250. No permission but that for the network is needed, where the system's own answer
 * (`/proc/self/limits`, `getrlimit`) would take all or foreign functions; and it knows of the limits of the whole
 * machine as well.
 *
 * @param most How many to try.
 * @returns So many, or fewer. Where something else is in the way, all are taken to be there.
 */
export function spareDescriptors(most: number): number {
  const held: Deno.DatagramConn[] = [];
  try {
    while (held.length < most) {
      held.push(Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }));
    }
  } catch (error) {
    const { code } = error as { code?: unknown };
    // Of this process, and of the whole system (errno(3)).
    if (code !== "EMFILE" && code !== "ENFILE") return most;
  } finally {
    for (const socket of held) socket.close();
  }
  return held.length;
}
