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

/** Events of batches, and the last snapshot of each source, for all their readers: after a restart a hundred ask at once. */
const batches = new WeakMap<Batch, Uint8Array>();
const snapshots = new WeakMap<FeedSource, EncodedSnapshot>();

/** A snapshot as an event. */
interface EncodedSnapshot {
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
          const { id, bytes } = snapshotOf(source);
          await send(bytes);
          last = id;
          continue;
        }
        for (const batch of missed) {
          await send(bytesOf(batch));
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

function bytesOf({ id, batch }: NumberedBatch): Uint8Array {
  let bytes = batches.get(batch);
  if (bytes === undefined) batches.set(batch, bytes = encode("batch", id, batch));
  return bytes;
}

/** A snapshot: the last one, if nothing has happened since and its time is still the present. */
function snapshotOf(source: FeedSource): EncodedSnapshot {
  const before = snapshots.get(source);
  const at = performance.now();
  if (before && at - before.at < SNAPSHOT_MS && source.since(before.id)?.length === 0) return before;
  const { id, snapshot } = source.snapshot();
  const encoded = { id, bytes: encode("snapshot", id, snapshot), at };
  snapshots.set(source, encoded);
  return encoded;
}

function encode(event: "snapshot" | "batch", id: string, data: Snapshot | Batch): Uint8Array {
  return encoder.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
}
