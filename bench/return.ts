/**
 * How soon phones are in the room again after the registry that they were at is killed, and the names of those that died with it
 * are free: three registries that share a table on NATS, on one server and on three, with phones spread over them that know all
 * three. Writes return.md.
 *
 * Usage: `deno task bench:return [--servers 1,3 --phones 100,1000 --rounds 5 --out FOLDER]`. Exits with 1 if a requirement is not
 * met. It needs nats-server.
 */

import { parseArgs } from "@std/cli/parse-args";
import { pause } from "../lib/util/pause.ts";
import { NatsCluster, natsMissing } from "../testing/nats.ts";
import { quantile } from "../testing/quantile.ts";
import { type Departure, killOne } from "./cluster/departure.ts";
import { describeMachine } from "./measure/machine.ts";
import { resultsFolder, writeResult } from "./report/results_folder.ts";

/** 95 of 100 phones are in again within this time, in milliseconds. */
const BACK_MS = 3000;

/** The name of a phone that died with its registry is free within this time, in milliseconds. */
const FREE_MS = 10_000;

/** Between two rounds, in milliseconds: what the one before has left is swept meanwhile. */
const REST_MS = 2000;

const SERVERS = [1, 3];
const PHONES = [100, 1000];
const ROUNDS = 5;

/** All rounds with one number of servers and of phones. */
interface Row {
  readonly servers: number;
  readonly phones: number;
  readonly rounds: readonly Departure[];
}

function worst(
  rounds: readonly Departure[],
  part: number,
  of: (round: Departure) => readonly number[],
): number {
  return Math.max(...rounds.map((round) => quantile(of(round), part)));
}

const backOf = ({ back }: Departure): readonly number[] => back;
const freeOf = ({ free }: Departure): readonly number[] => free;

function show(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)} s` : "never";
}

function isMet({ rounds }: Row): boolean {
  return worst(rounds, 0.95, backOf) <= BACK_MS && worst(rounds, 1, freeOf) <= FREE_MS;
}

function lineOf({ servers, phones, rounds }: Row): string {
  const all = rounds.flatMap(backOf);
  return [
    "",
    ` ${servers} `,
    ` ${phones} `,
    ` ${rounds.length} `,
    ` ${all.length} `,
    ...[0.5, 0.95, 1].map((part) => ` ${show(quantile(all, part))} `),
    ` ${show(worst(rounds, 0.95, backOf))} `,
    ` ${show(quantile(rounds.flatMap(freeOf), 0.5))} `,
    ` ${show(worst(rounds, 1, freeOf))} `,
    "",
  ].join("|");
}

function report(rows: readonly Row[], machine: string): string {
  return `# After the death of a registry

Three registries share a table on NATS, with phones spread over them that know all three. One of them is killed with SIGKILL,
and some of its phones die at the same moment. Times count from the kill: until a phone that lives is registered again at
another registry, by the phones' own code and its pauses; and until somebody else who asks all the time has the name of a phone that
died. All processes share one machine. By \`deno task bench:return\` on ${machine}.

| NATS servers | phones | rounds | had to come back | half | 95 of 100 | all | 95 of 100, worst round | dead names free: half | all |
| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
${rows.map(lineOf).join("\n")}

Required: 95 of 100 within ${show(BACK_MS)} in each round, and all names of the dead free within ${
    show(FREE_MS)
  }.
${rows.every(isMet) ? "Met." : "**Not met.**"}
`;
}

function numbers(text: string | undefined, otherwise: readonly number[]): readonly number[] {
  return text === undefined ? otherwise : text.split(",").map(Number);
}

async function main(): Promise<number> {
  const given = parseArgs(Deno.args, { string: ["servers", "phones", "rounds", "out"] });
  const missing = natsMissing();
  if (missing) {
    console.error(`Cannot run: ${missing}`);
    return 1;
  }
  const roundCount = Number(given.rounds ?? ROUNDS);
  const rows: Row[] = [];
  for (const servers of numbers(given.servers, SERVERS)) {
    for (const phones of numbers(given.phones, PHONES)) {
      await using nats = await NatsCluster.start(servers);
      const rounds: Departure[] = [];
      while (rounds.length < roundCount) {
        const departure = await killOne(nats.urls, phones, rounds.length);
        rounds.push(departure);
        const { back, free } = departure;
        console.log(
          `${servers} servers, ${phones} phones: ${back.length} back, half ${show(quantile(back, 0.5))}, ` +
            `95 of 100 ${show(quantile(back, 0.95))}, all ${show(quantile(back, 1))}; ` +
            `${free.length} names free, half ${show(quantile(free, 0.5))}, all ${show(quantile(free, 1))}`,
        );
        await pause(REST_MS);
      }
      rows.push({ servers, phones, rounds });
    }
  }
  const whole = given.servers === undefined && given.phones === undefined && given.rounds === undefined;
  const page = report(rows, await describeMachine());
  console.log(`\n${page}`);
  console.log(await writeResult(resultsFolder(given.out, whole), "return.md", page));
  return rows.every(isMet) ? 0 : 1;
}

Deno.exit(await main());
