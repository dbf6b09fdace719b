import { LinuxUdp } from "../../lib/transport/linux_udp.ts";
import { runtimeUdp } from "../../lib/transport/runtime_udp.ts";
import type { UdpDriver } from "../../lib/transport/udp_socket.ts";

/** Linux's own sockets, where the system has them. */
export const linuxUdp = LinuxUdp.load();

/** All kinds of sockets on this system. */
export const UDP_DRIVERS: Readonly<Record<string, UdpDriver>> = {
  "the runtime's sockets": runtimeUdp,
  ...linuxUdp && { "Linux's sockets": linuxUdp },
};
