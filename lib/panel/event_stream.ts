/** The feed as server-sent events (WHATWG HTML, section 9.2). */

import type { Streamer } from "../web/http_server.ts";
import { pause } from "../util/pause.ts";
import type { Batch, Snapshot } from "./feed.ts";
import type { NumberedBatch } from "./history.ts";

/** Where the feed comes from. */
export interface FeedSource {
  /** All that there is to show, and the `id` of the last batch that is in it. */
  snapshot(): { readonly id: string; readonly snapshot: Snapshot };
  /** The batches after the one with this `id`, oldest first. Undefined if not all of them are kept, or it is none. */
  since(id: string): readonly NumberedBatch[] | undefined;
  /** Calls `listener` with each batch from now on. @returns Ends that. */
  subscribe(listener: (batch: NumberedBatch) => void): () => void;
}

/** Interval of comments that keep a silent connection open, in milliseconds. */
const ALIVE_MS = 15_000;

/** Batches as events, for all their readers. */
const texts = new WeakMap<Batch, string>();

/**
 * Sends a snapshot, or what a reader has missed, and then every batch.
 *
 * @param lastId `Last-Event-ID` of a reader that was away.
 */
export function eventStream(source: FeedSource, lastId: string | undefined): Streamer {
  return async (send, gone) => {
    const ended = new Promise<"ended">((resolve) => gone.addEventListener("abort", () => resolve("ended")));
    let next = Promise.withResolvers<void>();
    const unsubscribe = source.subscribe(() => {
      next.resolve();
      next = Promise.withResolvers();
    });
    try {
      let last = lastId;
      while (!gone.aborted) {
        const missed = last === undefined ? undefined : source.since(last);
        if (!missed) {
          const { id, snapshot } = source.snapshot();
          await send(`event: snapshot\nid: ${id}\ndata: ${JSON.stringify(snapshot)}\n\n`);
          last = id;
          continue;
        }
        for (const batch of missed) {
          await send(textOf(batch));
          last = batch.id;
        }
        if (missed.length > 0) continue;
        const rest = new AbortController();
        const silent = pause(ALIVE_MS, rest.signal).then(() => "silent" as const);
        const event = await Promise.race([next.promise, silent, ended]);
        rest.abort();
        if (event === "silent") await send(":\n\n");
      }
    } finally {
      unsubscribe();
    }
  };
}

function textOf({ id, batch }: NumberedBatch): string {
  let text = texts.get(batch);
  if (text === undefined) {
    texts.set(batch, text = `event: batch\nid: ${id}\ndata: ${JSON.stringify(batch)}\n\n`);
  }
  return text;
}
