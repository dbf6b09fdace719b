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
  /** The thread of the sound sends samples over this port, or that time goes on. */
  | { readonly type: "worklet"; readonly port: MessagePort }
  /** What the microphone gives from now on, until it ends. */
  | { readonly type: "capture"; readonly sound: ReadableStream<AudioData> }
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
  else if (data.type === "worklet") data.port.onmessage = ({ data }) => fromWorklet(data);
  else if (data.type === "capture") capture(data.sound);
  else latency = data;
});

/** Microphones that give their samples to this thread. */
let captures = 0;

async function capture(sound: ReadableStream<AudioData>): Promise<void> {
  captures++;
  try {
    for await (const data of sound) {
      report(toInt16(data));
      data.close();
    }
  } catch {
    // It has ended: the page knows.
  } finally {
    captures--;
  }
}

function toInt16(data: AudioData): Int16Array<ArrayBuffer> {
  const samples = new Float32Array(data.numberOfFrames);
  data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
  return Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))));
}

function fromWorklet(samples: Int16Array<ArrayBuffer>): void {
  // Reports come with the microphone's samples.
  if (samples.length > 0 || captures === 0) report(samples);
}

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
