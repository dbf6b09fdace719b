/**
 * Phones of a cluster under test, in a process of their own: they come, stay, leave, die and come back, and print what they
 * see. Usage: `phones.ts SECONDS_TO_STAY NAMES PHONES HOST:PORT...`; on standard input `settle` ends the coming and going,
 * and `verify` compares what everybody sees.
 */

import { WirePhone } from "../../testing/wire_phone.ts";
import { pause } from "../../lib/util/pause.ts";
import { withTimeLimit } from "../../lib/util/time_limit.ts";
import { Backoff } from "../../lib/registration/backoff.ts";
import { inputLines } from "../../lib/ui/input_lines.ts";
import type { Sighting } from "./history.ts";

const [stay = "", nameCount = "", phoneCount = "", ...registries] = Deno.args;
const STAY_MS = 1000 * Number(stay);

/** Time limits of a phone: for connecting, for a reply, and between two pings. */
const CONNECT_MS = 2000;
const REPLY_MS = 10_000;
const PING_MS = 18_000;

/** A dead phone's connection stays open for this time. */
const DEAD_MS = 40_000;

/** Time in which a free name must be had, and a lookup must show who has it. */
const VERIFY_MS = 10_000;

/** The check ends after this number of problems. */
const MOST_PROBLEMS = 5;

let settling = false;
const settled = new AbortController();

function tell(
  sighting: Sighting | { readonly kind: "verified"; readonly problems: readonly string[] },
): void {
  console.log(JSON.stringify(sighting));
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

async function connect(registry: string): Promise<WirePhone> {
  const at = registry.lastIndexOf(":");
  return await withTimeLimit(
    CONNECT_MS,
    undefined,
    () => WirePhone.connect(Number(registry.slice(at + 1)), registry.slice(0, at)),
  );
}

/** Who has which name, as the phones know it. */
const holders = new Map<string, { phone: number; port: number }>();

/** One phone for ever. */
async function live(phone: number): Promise<void> {
  const name = `p${phone % Number(nameCount)}`;
  const port = 10_000 + phone;
  let registry = pick(registries);
  let backoff: Backoff | undefined;
  let failed = false;
  for (;;) {
    if (settling) return;
    if (backoff && failed) {
      await pause(backoff.failed(performance.now(), "refused") ?? 1000, settled.signal);
      registry = pick(registries.filter((other) => other !== registry));
    }
    backoff ??= new Backoff(Math.random);
    failed = true;
    let wire: WirePhone | undefined;
    try {
      wire = await connect(registry);
      const asked = wire;
      const answer = await withTimeLimit(REPLY_MS, undefined, () => asked.register(name, port));
      if (answer !== "registro_confirmado") {
        if (answer !== "lost") tell({ kind: "refused", at: Date.now(), phone, name, registry, code: answer });
        continue;
      }
      tell({ kind: "granted", at: Date.now(), phone, name, registry });
      holders.set(name, { phone, port });
      backoff = undefined;
      failed = false;
      const how = await hold(phone, name, wire);
      if (how === "died") wire = undefined;
      if (how === "lost") {
        backoff = new Backoff(Math.random);
        // As after every loss; `failed` comes only after an attempt.
        await pause(backoff.lost(), settled.signal);
        registry = pick(registries.filter((other) => other !== registry));
        continue;
      }
      await pause(Math.random() * STAY_MS / 2, settled.signal);
    } catch {
      // Another attempt.
    } finally {
      wire?.close();
    }
  }
}

/** Has a name for a while. @returns How that ended; the connection of a phone that died stays open. */
async function hold(phone: number, name: string, wire: WirePhone): Promise<"left" | "lost" | "died"> {
  const over = (how: "goodbye" | "closed" | "died" | "lost"): void => {
    if (holders.get(name)?.phone === phone) holders.delete(name);
    tell({ kind: "ended", at: Date.now(), phone, name, how });
  };
  const end = performance.now() + STAY_MS * (0.05 + 2 * Math.random() ** 3);
  let lost = false;
  wire.closed.then(() => lost = true);
  for (;;) {
    const left = settling ? Infinity : end - performance.now();
    if (left <= 0) break;
    await Promise.race([
      pause(Math.min(left, PING_MS), settled.signal.aborted ? undefined : settled.signal),
      wire.closed,
    ]);
    if (!lost && (settling || performance.now() < end)) {
      const alive = await withTimeLimit(REPLY_MS, undefined, () => wire.ask({ tipo: "ping" })).catch(() =>
        undefined
      );
      lost ||= alive === undefined;
    }
    if (lost) {
      over("lost");
      wire.close();
      return "lost";
    }
  }
  const way = pick(["goodbye", "goodbye", "closed", "died"] as const);
  over(way);
  if (way === "goodbye") {
    await withTimeLimit(1000, undefined, () => wire.ask({ tipo: "fechamento", nome: name })).catch(() => {});
  } else if (way === "died") {
    // Like a phone whose network is gone: no answer, no end.
    wire.vanish();
    pause(DEAD_MS).then(() => wire.close());
    return "died";
  }
  return "left";
}

/** Asks every registry for every name, and tries every free one. */
async function verify(): Promise<string[]> {
  const problems: string[] = [];
  for (const registry of registries) {
    await using wire = await connect(registry);
    const observer = `o${registries.indexOf(registry)}`;
    const in_ = await wire.register(observer, 9999);
    if (in_ !== "registro_confirmado") problems.push(`${observer} at ${registry}: ${in_}`);
    for (let number = 0; number < Number(nameCount) && problems.length < MOST_PROBLEMS; number++) {
      const name = `p${number}`;
      const wanted = holders.get(name)?.port;
      const deadline = performance.now() + VERIFY_MS;
      let port = await wire.find(name);
      while (port !== wanted && performance.now() < deadline) {
        await pause(100);
        port = await wire.find(name);
      }
      if (port !== wanted) problems.push(`${registry} has ${name} at ${port} and not at ${wanted}`);
    }
  }
  for (let number = 0; number < Number(nameCount) && problems.length < MOST_PROBLEMS; number++) {
    const name = `p${number}`;
    const wanted = holders.has(name) ? "nome_em_uso" : "registro_confirmado";
    const deadline = performance.now() + VERIFY_MS;
    for (;;) {
      await using wire = await connect(pick(registries));
      const answer = await wire.register(name, 9998);
      if (answer === wanted) break;
      if (performance.now() > deadline || answer === "registro_confirmado") {
        problems.push(`${name}: ${answer} and not ${wanted}`);
        break;
      }
    }
  }
  return problems;
}

for (let phone = 0; phone < Number(phoneCount); phone++) live(phone);
for await (const line of inputLines(Deno.stdin.readable.getReader())) {
  if (line === "settle") {
    settling = true;
    settled.abort();
  }
  if (line === "verify") {
    const problems = await verify().catch((error) => [`the check failed: ${error}`]);
    tell({ kind: "verified", problems });
    Deno.exit();
  }
}
