/** The thread of the network: carries samples between the phone and the thread of the sound, however busy the page is. */

import { encodeSoundReport } from "../../../lib/web_phone/sound_frames.ts";
import { Ring, type RingMemory } from "./ring.ts";

/** What the page tells this thread. */
export type SoundOrder =
  /** Connect to the phone; once. */
  | {
    readonly type: "connect";
    readonly url: string;
    readonly protocols: readonly string[];
    readonly ring: RingMemory;
  }
  /** The thread of the sound sends samples over this port. */
  | { readonly type: "worklet"; readonly port: MessagePort }
  /** Latencies of the browser, in samples. */
  | { readonly type: "latency"; readonly output: number; readonly input: number };

/** What it tells the page: that the connection is there, or has ended. */
export type SoundNews = { readonly type: "open" } | { readonly type: "closed"; readonly code: number };

let socket: WebSocket | undefined;
let ring: Ring | undefined;
let latency = { output: 0, input: 0 };

function tell(news: SoundNews): void {
  postMessage(news);
}

addEventListener("message", ({ data }: MessageEvent<SoundOrder>) => {
  if (data.type === "connect") connect(data);
  else if (data.type === "worklet") data.port.onmessage = ({ data }) => report(data);
  else latency = data;
});

function connect(order: Extract<SoundOrder, { type: "connect" }>): void {
  const queue = new Ring(order.ring);
  ring = queue;
  socket = new WebSocket(order.url, [...order.protocols]);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => tell({ type: "open" }));
  socket.addEventListener("message", ({ data }) => queue.write(new Int16Array(data)));
  socket.addEventListener("close", ({ code }) => tell({ type: "closed", code }));
}

function report(samples: Int16Array<ArrayBuffer>): void {
  if (socket?.readyState !== WebSocket.OPEN || !ring) return;
  socket.send(encodeSoundReport({
    played: ring.read,
    received: ring.written,
    outputLatency: latency.output,
    inputLatency: latency.input,
    samples,
  }));
}
