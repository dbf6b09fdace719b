/** The thread of the sound: plays from the ring, and sends what the microphone gives to the thread of the network. */

import { Ring, type RingMemory } from "./ring.ts";

/** Blocks of 128 samples (Web Audio, section 1.1) in a message: 5.3 ms. */
const BLOCKS = 2;
const BLOCK_SAMPLES = 128;

// What an AudioWorkletGlobalScope has, which TypeScript's DOM library does not.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(
  name: string,
  processor: new (options: { readonly processorOptions: WorkletOptions }) => AudioWorkletProcessor,
): void;

/** The name of the processor. */
const NAME = "sala";

/** Options of the processor. */
export interface WorkletOptions {
  readonly ring: RingMemory;
}

/**
 * The only message to the processor: the port to the thread of the network. That gets messages with an `Int16Array` of samples,
 * an empty one without a microphone.
 */
export type WorkletPort = MessagePort;

registerProcessor(
  NAME,
  class extends AudioWorkletProcessor {
    readonly #ring: Ring;
    #out: WorkletPort | undefined;
    #captured = new Int16Array(BLOCKS * BLOCK_SAMPLES);
    #length = 0;
    #blocks = 0;

    constructor({ processorOptions: { ring } }: { readonly processorOptions: WorkletOptions }) {
      super();
      this.#ring = new Ring(ring);
      this.port.onmessage = ({ data }: MessageEvent<WorkletPort>) => this.#out = data;
    }

    process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
      const speaker = outputs[0]?.[0];
      if (speaker) this.#ring.take(speaker);
      const microphone = inputs[0]?.[0];
      if (microphone) this.#capture(microphone);
      if (++this.#blocks >= BLOCKS) this.#send();
      return true;
    }

    #capture(samples: Float32Array): void {
      for (const sample of samples) {
        if (this.#length === this.#captured.length) return;
        this.#captured[this.#length++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      }
    }

    #send(): void {
      const samples = this.#captured.slice(0, this.#length);
      this.#out?.postMessage(samples, [samples.buffer]);
      this.#length = this.#blocks = 0;
    }
  },
);
