/** A registry of three is killed: when its phones are in again, and when the names of those that died with it are free. */

import type { RegistryPlace } from "../../lib/registration/connect_failure.ts";
import { Registration } from "../../lib/registration/registration.ts";
import { pause } from "../../lib/util/pause.ts";
import { within } from "../../lib/util/time_limit.ts";
import { type RunningRegistry, startRegistry } from "../../testing/processes.ts";
import { WirePhone } from "../../testing/wire_phone.ts";

const HOST = "127.0.0.1";
const REGISTRIES = 3;

/** One phone in this number dies with its registry. */
const DEAD_SHARE = 10;

/** Phones that come in at the same time before the kill. */
const AT_ONCE = 50;

/** Pause of somebody who wants a name that is in use, in milliseconds. */
const ASK_AGAIN_MS = 100;

/** Whoever is not in by then never will be, in milliseconds. */
const NEVER_MS = 60_000;

/** Times from the kill, in milliseconds; `Infinity` for never. */
export interface Departure {
  /** Of each phone that was at the killed registry. */
  readonly back: readonly number[];
  /** Of each name whose phone died with the registry. */
  readonly free: readonly number[];
}

/** A phone that is in the room. */
interface Living {
  readonly link: Registration;
  /** When it was in again. */
  readonly back: Promise<number>;
}

/** Registry of a list of three that a phone tries first, and both orders of the others. */
function orderOf(places: readonly RegistryPlace[], phone: number): readonly RegistryPlace[] {
  const first = phone % places.length;
  const rest = places.filter((_, index) => index !== first);
  return [places[first]!, ...Math.floor(phone / places.length) % 2 === 0 ? rest : rest.toReversed()];
}

async function enter(places: readonly RegistryPlace[], name: string, port: number): Promise<Living> {
  const back = Promise.withResolvers<number>();
  const result = await Registration.connect(places, { onBack: () => back.resolve(performance.now()) });
  if (result.kind !== "connected") throw new Error(`${name} cannot connect: ${result.kind}`);
  const { kind } = await result.link.register(name, HOST, port);
  if (kind !== "confirmed") throw new Error(`${name} cannot register: ${kind}`);
  return { link: result.link, back: back.promise };
}

/** Does something for all, some at a time. */
async function forAll<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...await Promise.all(items.slice(at, at + AT_ONCE).map(act)));
  }
  return results;
}

/** Asks for a name until it is free. @returns When that was. */
async function wantName(port: number, name: string): Promise<number> {
  const end = performance.now() + NEVER_MS;
  await using wire = await WirePhone.connect(port);
  while (performance.now() < end) {
    if (await wire.register(name) === "registro_confirmado") return performance.now();
    await pause(ASK_AGAIN_MS);
  }
  return Infinity;
}

/** Begins with three registries and their phones, kills one registry, and ends when all are in again. */
export async function killOne(servers: string, phoneCount: number, round: number): Promise<Departure> {
  const args = ["--quiet", "--cluster", servers, "--host", HOST, "--rate-limit", "1000"];
  const registries: RunningRegistry[] = [];
  for (let count = 0; count < REGISTRIES; count++) registries.push(await startRegistry(args));
  const places = registries.map(({ port }) => ({ host: HOST, port }));
  const [victim, ...others] = registries as [RunningRegistry, ...RunningRegistry[]];
  const numbers = Array.from({ length: phoneCount }, (_, phone) => phone);
  const living = await forAll(
    numbers,
    (phone) => enter(orderOf(places, phone), `r${round} p${phone}`, 10_000 + phone),
  );
  const there = living.filter(({ link }) => link.place?.port === victim.port);
  const deadNames = numbers.slice(0, Math.ceil(there.length / DEAD_SHARE)).map((dead) =>
    `r${round} d${dead}`
  );
  const dead = await forAll(deadNames, async (name) => {
    const wire = await WirePhone.connect(victim.port);
    if (await wire.register(name) !== "registro_confirmado") throw new Error(`${name} cannot register`);
    return wire;
  });

  const killedAt = performance.now();
  victim.process.kill("SIGKILL");
  for (const wire of dead) wire.close();
  const free = Promise.all(deadNames.map((name, index) => wantName(others[index % 2]!.port, name)));
  const back = Promise.all(there.map(async (phone) => {
    return await within(NEVER_MS, phone.back) ? await phone.back : Infinity;
  }));
  const [backAt, freeAt] = await Promise.all([back, free]);
  await forAll(living, ({ link }) => link.close());
  for (const registry of registries) await registry[Symbol.asyncDispose]();
  return { back: backAt.map((at) => at - killedAt), free: freeAt.map((at) => at - killedAt) };
}
