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

/** Text of a batch, for all its readers. */
const texts = new WeakMap<Batch, string>();

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
        await send(`event: snapshot\nid: ${run}-${last}\ndata: ${JSON.stringify(source.snapshot())}\n\n`);
        continue;
      }
      for (const batch of missed) {
        await send(`event: batch\nid: ${run}-${++last}\ndata: ${textOf(batch)}\n\n`);
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

function textOf(batch: Batch): string {
  let text = texts.get(batch);
  if (text === undefined) texts.set(batch, text = JSON.stringify(batch));
  return text;
}
