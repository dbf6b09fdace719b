/**
 * The page's microphone and loudspeaker, for the phone: does what {@linkcode SoundState} says.
 *
 * ```text
 *   microphone ─→ worklet ─→ worker ─→ WebSocket ─→ phone
 *   loudspeaker ←─ worklet ←─ ring ←─ worker ←─ WebSocket ←─ phone
 * ```
 */

import type { PageRequest, SoundState, SoundTrouble } from "../../../lib/web_phone/page_messages.ts";
import { subprotocols } from "./line.ts";
import { newRingMemory } from "./ring.ts";
import type { SoundNews, SoundOrder } from "./sound_worker.ts";
import type { WorkletOptions, WorkletPort } from "./worklet.ts";

const SAMPLE_RATE = 48_000;

/** How long a browser may take to begin to play before it is taken to wait for a click, in milliseconds. */
const START_MS = 500;

/** Time between two looks at the browser's latencies, in milliseconds. */
const LATENCY_MS = 1000;

/**
 * A track's sound as it comes (W3C, mediacapture-transform), which Chromium has on pages: with less delay than through the
 * graph, which runs at the loudspeaker's pace.
 */
declare class MediaStreamTrackProcessor {
  constructor(options: { readonly track: MediaStreamTrack });
  readonly readable: ReadableStream<AudioData>;
}

/** The sound of one page. */
export class PageSound {
  readonly #token: string;
  readonly #send: (request: PageRequest) => void;
  readonly #graph: Promise<Graph>;
  #link: { readonly page: string; readonly worker: Worker } | undefined;
  #state: SoundState | undefined;
  /** Does one thing after the other. */
  #work: Promise<void> = Promise.resolve();

  /** @param send Sends a request to the phone. */
  constructor(token: string, send: (request: PageRequest) => void) {
    this.#token = token;
    this.#send = send;
    this.#graph = Graph.open();
    // Who uses it says so.
    this.#graph.catch(() => {});
    for (const event of ["pointerdown", "keydown"] as const) {
      addEventListener(event, () => this.#clicked(), { capture: true });
    }
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#ready());
    setInterval(() => this.#tellLatency(), LATENCY_MS);
  }

  /** Does from now on what the phone wants. @param page The page's connection, as in the welcome. */
  follow(page: string, state: SoundState): void {
    this.#state = state;
    this.#work = this.#work.then(() => this.#follow(page, state)).catch(() => {
      // No sound at all, as in a browser too old, or on a machine without any.
      for (const side of ["microphone", "speaker"] as const) this.#trouble(side, "failed");
    });
  }

  /** Asks for the microphone now, so that no call waits for the person's consent. */
  async prepare(): Promise<boolean> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) track.stop();
      this.#ready();
      return true;
    } catch {
      return false;
    }
  }

  async #follow(page: string, state: SoundState): Promise<void> {
    const graph = await this.#graph;
    const mine = state.holder === "this";
    if (this.#link && (!mine || this.#link.page !== page)) {
      this.#link.worker.terminate();
      this.#link = undefined;
    }
    if (mine && !this.#link) this.#link = { page, worker: this.#connect(page, graph) };
    const capture = mine && state.capture;
    const play = mine && state.play;
    try {
      if (!capture) graph.endCapture();
      else if (this.#link) await graph.capture(state.processing, this.#link.worker, () => this.#ready());
    } catch (error) {
      this.#trouble("microphone", troubleOf(error));
    }
    if (!capture && !play) return graph.rest();
    if (!await graph.run()) this.#trouble(play ? "speaker" : "microphone", "needs_click");
  }

  #connect(page: string, graph: Graph): Worker {
    const worker = new Worker("phone_sound.js", { type: "module" });
    const ring = newRingMemory();
    const order = (order: SoundOrder, transfer: Transferable[] = []) => worker.postMessage(order, transfer);
    order({
      type: "connect",
      url: new URL(`/sound?page=${page}`, location.href).href.replace(/^http/, "ws"),
      protocols: subprotocols(this.#token),
      ring,
    });
    const { port1, port2 } = new MessageChannel();
    order({ type: "worklet", port: port1 }, [port1]);
    graph.join({ ring }, port2);
    worker.addEventListener("message", ({ data }: MessageEvent<SoundNews>) => {
      // The phone has gone, or another page has the sound: the line tells.
      if (data.type === "open") document.body.dataset.sound = "ready";
      if (data.type === "closed" && this.#link?.worker === worker) this.#again(page);
    });
    return worker;
  }

  /** Connects again after a break of the sound alone. */
  #again(page: string): void {
    this.#link?.worker.terminate();
    this.#link = undefined;
    setTimeout(() => {
      if (this.#state) this.follow(page, this.#state);
    }, START_MS);
  }

  async #clicked(): Promise<void> {
    const graph = await this.#graph.catch(() => undefined);
    if (graph?.waitsForClick && await graph.run()) this.#ready();
  }

  #ready(): void {
    this.#send({ type: "sound_ready" });
  }

  #trouble(side: "microphone" | "speaker", trouble: SoundTrouble): void {
    this.#send({ type: "sound_trouble", side, trouble });
  }

  async #tellLatency(): Promise<void> {
    if (!this.#link) return;
    const order: SoundOrder = { type: "latency", ...(await this.#graph).latency };
    this.#link?.worker.postMessage(order);
  }
}

/** The browser's sound, which stays the same while connections come and go. */
class Graph {
  readonly #context: AudioContext;
  #node: AudioWorkletNode | undefined;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  /** The worker that gets the microphone's sound. */
  #hearer: Worker | undefined;
  /** Whether the phone wanted sound, and the browser plays nothing before a click. */
  waitsForClick = false;

  private constructor(context: AudioContext) {
    this.#context = context;
  }

  /** Makes the graph, which rests at first. */
  static async open(): Promise<Graph> {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 0 });
    const graph = new Graph(context);
    graph.rest();
    await context.audioWorklet.addModule("phone_worklet.js");
    return graph;
  }

  /** In samples: from the queue to the loudspeaker, and from the microphone to the queue. */
  get latency(): { readonly output: number; readonly input: number } {
    const { outputLatency, baseLatency } = this.#context;
    const settings = this.#stream?.getAudioTracks()[0]?.getSettings() as { latency?: number } | undefined;
    const output = Math.max(outputLatency || 0, baseLatency || 0);
    return {
      output: Math.round(output * SAMPLE_RATE),
      input: Math.round((settings?.latency ?? 0) * SAMPLE_RATE),
    };
  }

  /** Exchanges samples with a worker from now on. */
  join(options: WorkletOptions, port: WorkletPort): void {
    this.#node?.disconnect();
    this.#source?.disconnect();
    this.#node = new AudioWorkletNode(this.#context, "sala", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: options,
    });
    this.#node.port.postMessage(port, [port]);
    this.#node.connect(this.#context.destination);
    this.#source?.connect(this.#node);
  }

  /**
   * Opens the microphone for a worker, unless it is open.
   *
   * @param ended Called when it goes away.
   * @throws {DOMException} If it cannot.
   */
  async capture(processing: SoundState["processing"], worker: Worker, ended: () => void): Promise<void> {
    if (this.#stream?.active && this.#hearer === worker) return;
    this.endCapture();
    const audio = { channelCount: 1, latency: 0, ...processing };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const [track] = stream.getAudioTracks();
    this.#stream = stream;
    this.#hearer = worker;
    track?.addEventListener("ended", ended);
    if (
      track && "MediaStreamTrackProcessor" in globalThis && track.getSettings().sampleRate === SAMPLE_RATE
    ) {
      const { readable } = new MediaStreamTrackProcessor({ track });
      const order: SoundOrder = { type: "capture", sound: readable };
      return worker.postMessage(order, [readable]);
    }
    this.#source = this.#context.createMediaStreamSource(stream);
    if (this.#node) this.#source.connect(this.#node);
  }

  endCapture(): void {
    this.#source?.disconnect();
    this.#source = undefined;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
  }

  /** Plays. @returns Whether it does, rather than wait for a click. */
  async run(): Promise<boolean> {
    const running = this.#context.resume().then(() => true);
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), START_MS));
    const runs = this.#context.state === "running" || await Promise.race([running, late]);
    this.waitsForClick = !runs;
    return runs;
  }

  /** Gives the loudspeaker free. A context that is about to start does not. */
  rest(): void {
    this.#context.suspend().catch(() => {});
  }
}

function troubleOf(error: unknown): SoundTrouble {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "not_allowed";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "no_device" : "failed";
}
