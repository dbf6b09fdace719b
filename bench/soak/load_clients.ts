/**
 * Many load clients in one process. Prints `here` when all are in the room, runs until SIGTERM, then makes all of them
 * leave and prints a {@linkcode LoadReport} as one line of JSON.
 *
 * Usage: `deno run -A bench/soak/load_clients.ts PORT COUNT SEED`, from `bench/soak.ts`.
 */

import { type CallCounts, CallLedger } from "./call_ledger.ts";
import { countDescriptors } from "../measure/process_watch.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import type { RequestCounts } from "./request_ledger.ts";
import { LoadClient, type LoadClients, type VoiceCounts } from "./load_client.ts";

/** Sums over all load clients. */
export interface LoadReport {
  readonly requests: RequestCounts;
  /** Requests without a reply at the end. */
  readonly waiting: number;
  /** When connections to the registry were lost, in Unix milliseconds. */
  readonly lostAt: readonly number[];
  readonly calls: CallCounts;
  readonly voice: Readonly<VoiceCounts>;
  /** Descriptors of the process before the clients joined, and after they left. */
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

async function main(registryPort: number, count: number, seed: string): Promise<LoadReport> {
  const names = Array.from({ length: count }, (_, index) => `carga ${index + 1}`);
  const shared: LoadClients = { calls: new CallLedger(), lines: new Map(), calling: new Map(), names };
  const loadClients = names.map((name) =>
    new LoadClient(name, registryPort, shared, seededRandom(`${seed} ${name}`))
  );
  const stop = new AbortController();
  const told = Promise.withResolvers<void>();
  const onSignal = () => {
    stop.abort();
    told.resolve();
  };
  Deno.addSignalListener("SIGTERM", onSignal);
  // The runtime opens descriptors of its own with the first socket.
  await loadClients[0]!.join(stop.signal);
  await loadClients[0]!.leave();
  const descriptorsBefore = await countDescriptors(Deno.pid);
  await Promise.all(loadClients.map((loadClient) => loadClient.join(stop.signal)));
  console.log("here");
  const stays = loadClients.map((loadClient) => loadClient.stay(stop.signal));
  await told.promise;
  await Promise.all(stays);
  await Promise.all(loadClients.map((loadClient) => loadClient.leave()));
  const sum = (number: (loadClient: LoadClient) => number) =>
    loadClients.reduce((total, loadClient) => total + number(loadClient), 0);
  Deno.removeSignalListener("SIGTERM", onSignal);
  return {
    requests: {
      sent: sum(({ requests }) => requests.counts.sent),
      answered: sum(({ requests }) => requests.counts.answered),
      cutOffAt: loadClients.flatMap(({ requests }) => requests.counts.cutOffAt),
      goodbyesCutOff: sum(({ requests }) => requests.counts.goodbyesCutOff),
      unexpected: loadClients.flatMap(({ requests }) => requests.counts.unexpected),
      namesRefused: sum(({ requests }) => requests.counts.namesRefused),
    },
    waiting: sum(({ requests }) => requests.waiting),
    lostAt: loadClients.flatMap(({ lostAt }) => lostAt),
    calls: shared.calls.counts,
    voice: {
      sent: sum(({ voice }) => voice.sent),
      heard: sum(({ voice }) => voice.heard),
      doubled: sum(({ voice }) => voice.doubled),
    },
    descriptorsBefore,
    descriptorsAfter: await countDescriptors(Deno.pid),
  };
}

if (import.meta.main) {
  const [registryPort, count, seed = ""] = Deno.args;
  console.log(JSON.stringify(await main(Number(registryPort), Number(count), seed)));
}
