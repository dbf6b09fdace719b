/**
 * The system's SpeexDSP (speex/speex_echo.h and speex/speex_preprocess.h, version 1.2.1), to compare the project's own
 * echo cancelling with. It is not part of the programs.
 */

const symbols = {
  // SpeexEchoState *speex_echo_state_init(int frame_size, int filter_length)
  speex_echo_state_init: { parameters: ["i32", "i32"], result: "pointer" },
  // void speex_echo_state_destroy(SpeexEchoState *st)
  speex_echo_state_destroy: { parameters: ["pointer"], result: "void" },
  // int speex_echo_ctl(SpeexEchoState *st, int request, void *ptr)
  speex_echo_ctl: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  speex_echo_cancellation: {
    parameters: [
      "pointer", // SpeexEchoState *st
      "buffer", // const spx_int16_t *rec
      "buffer", // const spx_int16_t *play
      "buffer", // spx_int16_t *out
    ],
    result: "void",
  },
  // SpeexPreprocessState *speex_preprocess_state_init(int frame_size, int sampling_rate)
  speex_preprocess_state_init: { parameters: ["i32", "i32"], result: "pointer" },
  // void speex_preprocess_state_destroy(SpeexPreprocessState *st)
  speex_preprocess_state_destroy: { parameters: ["pointer"], result: "void" },
  // int speex_preprocess_run(SpeexPreprocessState *st, spx_int16_t *x)
  speex_preprocess_run: { parameters: ["pointer", "buffer"], result: "i32" },
  // int speex_preprocess_ctl(SpeexPreprocessState *st, int request, void *ptr)
  speex_preprocess_ctl: { parameters: ["pointer", "i32", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const SPEEX_ECHO_SET_SAMPLING_RATE = 24;
const SPEEX_PREPROCESS_SET_ECHO_STATE = 24;

const LIBRARY_NAMES: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: ["libspeexdsp.so.1"],
  darwin: [
    "libspeexdsp.1.dylib",
    "/opt/homebrew/lib/libspeexdsp.1.dylib",
    "/usr/local/lib/libspeexdsp.1.dylib",
  ],
  windows: ["libspeexdsp-1.dll", "speexdsp.dll"],
};

type Library = Deno.DynamicLibrary<typeof symbols>;

/** Echo canceller and preprocessor, linked as the manual says, for residual echo and noise. */
export class SpeexDsp implements Disposable {
  /** Latency in samples: a frame, for the preprocessor's windows. */
  readonly latencySamples: number;
  readonly #library: Library;
  readonly #echo: Deno.PointerValue;
  readonly #preprocess: Deno.PointerValue;

  private constructor(library: Library, frameSamples: number, tailSamples: number, sampleRate: number) {
    this.latencySamples = frameSamples;
    this.#library = library;
    this.#echo = library.symbols.speex_echo_state_init(frameSamples, tailSamples);
    this.#preprocess = library.symbols.speex_preprocess_state_init(frameSamples, sampleRate);
    library.symbols.speex_echo_ctl(this.#echo, SPEEX_ECHO_SET_SAMPLING_RATE, new Int32Array([sampleRate]));
    library.symbols.speex_preprocess_ctl(this.#preprocess, SPEEX_PREPROCESS_SET_ECHO_STATE, this.#echo);
  }

  /** Loads the library: the one that `SPEEXDSP_LIB` names, else the system's; `undefined` where there is none. */
  static open(frameSamples: number, tailSamples: number, sampleRate: number): SpeexDsp | undefined {
    const asked = Deno.env.get("SPEEXDSP_LIB");
    for (const name of asked ? [asked] : LIBRARY_NAMES[Deno.build.os] ?? []) {
      try {
        return new SpeexDsp(Deno.dlopen(name, symbols), frameSamples, tailSamples, sampleRate);
      } catch {
        // Try the next name.
      }
    }
  }

  /** Processes one frame: captured samples, played samples, and where the result goes. */
  process(
    captured: Int16Array<ArrayBuffer>,
    played: Int16Array<ArrayBuffer>,
    output: Int16Array<ArrayBuffer>,
  ): void {
    this.#library.symbols.speex_echo_cancellation(this.#echo, captured, played, output);
    this.#library.symbols.speex_preprocess_run(this.#preprocess, output);
  }

  [Symbol.dispose](): void {
    this.#library.symbols.speex_preprocess_state_destroy(this.#preprocess);
    this.#library.symbols.speex_echo_state_destroy(this.#echo);
    this.#library.close();
  }
}
