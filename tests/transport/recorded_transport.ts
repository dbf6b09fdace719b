/** A phone's calls that a test can wait for. */

import type { Call } from "../../lib/call/call.ts";
import { type Encryption, randomPolicy } from "../../lib/call/encryption_policy.ts";
import type { Trace } from "../../lib/protocol/trace.ts";
import { parsePathProbe } from "../../lib/rtp/path_probe.ts";
import { runtimeCipher } from "../../lib/srtp/aes_gcm.ts";
import { CallTransport, type CallTransportOptions } from "../../lib/transport/call_transport.ts";
import type { UdpDriver } from "../../lib/transport/udp_socket.ts";

/** Options with the runtime's cipher, on a machine at 192.0.2.1. */
export function optionsOf(udp: UdpDriver, encryption: Encryption = "preferred"): CallTransportOptions {
  const addresses = () => [
    { interface: "lo", ip: "127.0.0.1", netmask: "255.0.0.0" },
    { interface: "eth0", ip: "192.0.2.1", netmask: "255.255.255.0" },
  ];
  return { udp, cipher: runtimeCipher, policy: randomPolicy(encryption), addresses };
}

/** A transport that records its events, and lets a test wait for them. */
export class Recorded implements AsyncDisposable {
  readonly line: CallTransport;
  readonly told: string[] = [];
  readonly traces: Trace[] = [];
  /** Voice and reports, as far as they carry no challenge or response. */
  readonly voice: Uint8Array[] = [];
  readonly probes: Uint8Array[] = [];
  readonly floods: number[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(
    udp: UdpDriver,
    readonly name: string,
    readonly ip = "127.0.0.1",
    encryption: Encryption = "preferred",
  ) {
    this.line = CallTransport.open(ip, 0, optionsOf(udp, encryption), {
      onOutput: (output) => {
        if (output.kind === "notice") {
          this.told.push(output.notice.kind);
          if (output.notice.kind === "started") this.#openVoice(output.call);
        } else if (output.kind === "answered_elsewhere") {
          // As if the registry gave that address.
          this.line.calleeAt(output.call, output.from);
        } else if (output.kind !== "release" && output.kind !== "room_wanted") this.told.push(output.kind);
        this.#change();
      },
      onTrace: (trace) => {
        this.traces.push(trace);
        this.#change();
      },
      onFlood: (datagrams) => {
        this.floods.push(datagrams);
        this.#change();
      },
    });
  }

  get address(): { name: string; ip: string; port: number } {
    return { name: this.name, ip: this.ip, port: this.line.port };
  }

  #openVoice(call: Call): void {
    this.line.openVoice(call, {
      handleDatagram: (datagram) => {
        (parsePathProbe(datagram) ? this.probes : this.voice).push(datagram);
        this.#change();
      },
    });
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Waits until a condition holds. @throws {Error} After 10 s. */
  async until(condition: () => boolean): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${this.name} was told only: ${this.told}`)),
      10_000,
    );
    try {
      while (!condition()) await Promise.race([this.#changed.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.line[Symbol.asyncDispose]();
  }
}
