/** The thread of a relay: see `relay_thread.ts`. */

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import { raisePriority } from "../../lib/cli/priority.ts";
import type { Relay } from "./relay.ts";
import type { RelayReply, RelayRequest, RelaySetup } from "./relay_thread.ts";
import { SalaRelay } from "./sala_relay.ts";
import { SipRelay } from "./sip_relay.ts";

// Load on the machine must not add delay to the emulated network.
raisePriority();

let relay: Relay | undefined;

async function open(setup: RelaySetup): Promise<{ readonly port: number }> {
  if (setup.kind === "sala") {
    relay = await SalaRelay.open(setup.registryPort, setup.name, setup.calleePort, setup.network);
    return { port: 0 };
  }
  const sip = new SipRelay(setup.calleePort, setup.network);
  relay = sip;
  return { port: sip.port };
}

async function answer(request: RelayRequest): Promise<RelayReply | undefined> {
  if (typeof request === "object") return { opened: await open(request.open) };
  switch (request) {
    case "begin":
      relay?.begin();
      return;
    case "count":
      return { counted: relay!.forward };
  }
}

self.addEventListener("message", async ({ data }: MessageEvent<RelayRequest>) => {
  try {
    const reply = await answer(data);
    if (reply) self.postMessage(reply);
  } catch (error) {
    self.postMessage({ failed: error instanceof Error ? error.message : String(error) } satisfies RelayReply);
  }
});
