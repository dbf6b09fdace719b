/** The addresses of this host, and how a program learns that they have changed. */

/** An address of this host and the mask of its network, both as texts. */
export interface HostAddress {
  /** Name of the network interface, such as `eth0`. */
  readonly interface: string;
  readonly ip: string;
  readonly netmask: string;
}

/** This host on its networks. */
export interface HostNetwork {
  /** All addresses now, loopback included; none if the system or the permissions (`sys`) do not tell them. */
  addresses(): readonly HostAddress[];
  /** Calls `changed` whenever the addresses may have changed, until the result is disposed. */
  watch(changed: () => void): AsyncDisposable;
}

/** Time between two looks at the addresses, in milliseconds. */
const POLL_MS = 1000;

/** This host as the runtime sees it, on every system: it has no event for a change, so a timer looks. */
export const runtimeNetwork: HostNetwork = {
  addresses: hostAddresses,
  watch(changed) {
    let before = JSON.stringify(hostAddresses());
    const timer = setInterval(() => {
      const now = JSON.stringify(hostAddresses());
      if (now === before) return;
      before = now;
      changed();
    }, POLL_MS);
    return {
      [Symbol.asyncDispose]: () => {
        clearInterval(timer);
        return Promise.resolve();
      },
    };
  },
};

/** See {@linkcode HostNetwork.addresses}. */
export function hostAddresses(): HostAddress[] {
  try {
    return Deno.networkInterfaces().map(({ name, address, netmask }) => ({
      interface: name,
      ip: address,
      netmask,
    }));
  } catch {
    return [];
  }
}

/** How long addresses that were read are taken for those of now, in milliseconds: reading them takes a quarter of one. */
const RECENT_MS = 1000;

let recent: { readonly at: number; readonly addresses: HostAddress[] } | undefined;

/** This host's addresses, as they were at most a second ago. */
export function recentHostAddresses(): readonly HostAddress[] {
  const now = performance.now();
  if (!recent || now - recent.at > RECENT_MS) recent = { at: now, addresses: hostAddresses() };
  return recent.addresses;
}
