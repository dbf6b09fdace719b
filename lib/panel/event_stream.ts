/** The feed as server-sent events (WHATWG HTML, section 9.2). */

import type { Streamer } from "../web/http_server.ts";
import { pause } from "../util/pause.ts";
import type { Batch, Snapshot } from "./feed.ts";

/** Where the feed comes from. */
export interface FeedSource {
  /** The number of the latest batch; each has the next one. */
  readonly latest: number;
  snapshot(): Snapshot;
  /** The batches after this one, oldest first. Undefined if not all of them are kept. */
  since(number: number): readonly Batch[] | undefined;
  /** Settles at the next batch. */
  changed(): Promise<void>;
}

/** Interval of comments that keep a silent connection open, in milliseconds. */
const ALIVE_MS = 15_000;

/** Events of batches, and the last snapshot of each source, for all their readers: after a restart a hundred ask at once. */
const batches = new WeakMap<Batch, Encoded>();
const snapshots = new WeakMap<FeedSource, Encoded>();

/** An event and its `id`. */
interface Encoded {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** When it was made, by `performance.now()`. */
  readonly at: number;
}

/** Longest time for which a snapshot serves others, in milliseconds: it says what time it is. */
const SNAPSHOT_MS = 250;

const encoder = new TextEncoder();

/**
 * Sends a snapshot, or what a reader has missed, and then every batch.
 *
 * @param run Tells this run of the registry from others: numbers begin anew.
 * @param lastId `Last-Event-ID` of a reader that was away.
 */
export function eventStream(source: FeedSource, run: string, lastId: string | undefined): Streamer {
  return async (send, gone) => {
    const ended = new Promise<"ended">((resolve) => gone.addEventListener("abort", () => resolve("ended")));
    let last = numberIn(lastId, run);
    while (!gone.aborted) {
      const missed = last === undefined || last > source.latest ? undefined : source.since(last);
      if (last === undefined || !missed) {
        last = source.latest;
        await send(encoded(snapshots, source, "snapshot", `${run}-${last}`, () => source.snapshot()));
        continue;
      }
      for (const batch of missed) {
        await send(encoded(batches, batch, "batch", `${run}-${++last}`, () => batch));
      }
      if (missed.length > 0) continue;
      const rest = new AbortController();
      const silent = pause(ALIVE_MS, rest.signal).then(() => "silent" as const);
      const next = await Promise.race([source.changed(), silent, ended]);
      rest.abort();
      if (next === "silent") await send(":\n\n");
    }
  };
}

/** The number in an event's `id`, if it is of this run. */
function numberIn(id: string | undefined, run: string): number | undefined {
  const [, idRun, number] = /^(\w+)-(\d{1,15})$/.exec(id ?? "") ?? [];
  return idRun === run ? Number(number) : undefined;
}

/** An event's bytes. Batches stay as they are; a snapshot is made anew after {@linkcode SNAPSHOT_MS}. */
function encoded<Key extends object>(
  cache: WeakMap<Key, Encoded>,
  key: Key,
  event: "snapshot" | "batch",
  id: string,
  data: () => Snapshot | Batch,
): Uint8Array {
  const before = cache.get(key);
  const at = performance.now();
  if (before?.id === id && (event === "batch" || at - before.at < SNAPSHOT_MS)) return before.bytes;
  const bytes = encoder.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data())}\n\n`);
  cache.set(key, { id, bytes, at });
  return bytes;
}
