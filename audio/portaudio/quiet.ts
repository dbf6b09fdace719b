/** Keeps the messages of sound libraries on standard error off the screen. */

import { unshared } from "../../lib/util/native_library.ts";

/** `O_WRONLY` of fcntl.h, the same on Linux and macOS. */
const WRITE_ONLY = 1;
const STDERR = 2;

/** Standard error that discards what is written to its file descriptor. */
export interface QuietStderr extends Disposable {
  /** Writes to the real standard error. @returns How many bytes it took. */
  write(bytes: Uint8Array): Promise<number>;
}

const NOT_QUIET: QuietStderr = { write: (bytes) => Deno.stderr.write(bytes), [Symbol.dispose]() {} };

const LIBC: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

/**
 * Discards standard error until disposed. ALSA and JACK report every device that they did not find, dozens of lines per
 * start, and PortAudio every step of a failing stream; they share no option against it.
 *
 * Redirects the file descriptor, so the program's own messages need {@linkcode QuietStderr.write}. Does nothing without a C library of a known
 * name, as on Windows, which has neither ALSA nor JACK.
 */
export function quietStderr(): QuietStderr {
  const path = LIBC[Deno.build.os];
  if (!path) return NOT_QUIET;
  let libc;
  try {
    libc = Deno.dlopen(path, {
      dup: { parameters: ["i32"], result: "i32" }, // int dup(int)
      dup2: { parameters: ["i32", "i32"], result: "i32" }, // int dup2(int, int)
      open: { parameters: ["buffer", "i32"], result: "i32" }, // int open(const char *, int, ...)
      close: { parameters: ["i32"], result: "i32" }, // int close(int)
      // ssize_t write(int, const void *, size_t), which waits for the reader of a pipe
      write: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
    });
  } catch {
    return NOT_QUIET;
  }
  const { dup, dup2, open, close } = libc.symbols;
  const original = dup(STDERR);
  const devNull = open(new TextEncoder().encode("/dev/null\0"), WRITE_ONLY);
  if (devNull >= 0) {
    dup2(devNull, STDERR);
    close(devNull);
  }
  return {
    async write(bytes) {
      if (original < 0) return bytes.length;
      const taken = Number(await libc.symbols.write(original, unshared(bytes), BigInt(bytes.length)));
      if (taken < 0) throw new Error("write(2) failed");
      return taken;
    },
    [Symbol.dispose]() {
      if (original >= 0) {
        dup2(original, STDERR);
        close(original);
      }
      libc.close();
    },
  };
}

/** Runs something while standard error is discarded. Passes on its result or error. */
export function withQuietStderr<Result>(run: () => Result): Result {
  using _quiet = quietStderr();
  return run();
}

/**
 * Silences ALSA's error handler for good: it writes a line to the screen at every underrun, from which PortAudio
 * recovers by itself. Does nothing without ALSA.
 *
 * ALSA calls the handler on its sound threads, where no JavaScript can run. So the handler is `getpid`, a function of the
 * C library that ignores arguments and has no effect.
 */
export function quietAlsa(): void {
  if (Deno.build.os !== "linux") return;
  try {
    using libc = disposable(Deno.dlopen("libc.so.6", {
      dlsym: { parameters: ["pointer", "buffer"], result: "pointer" }, // void *dlsym(void *handle, const char *name)
    }));
    const noEffect = libc.symbols.dlsym(null, new TextEncoder().encode("getpid\0"));
    // Never closed: PortAudio uses the same library, and the handler must stay.
    const alsa = Deno.dlopen("libasound.so.2", {
      // int snd_lib_error_set_handler(snd_lib_error_handler_t handler)
      snd_lib_error_set_handler: { parameters: ["pointer"], result: "i32" },
    });
    if (noEffect) alsa.symbols.snd_lib_error_set_handler(noEffect);
  } catch {
    // Another C library or no ALSA: nothing to silence, or no way to.
  }
}

function disposable<Library extends { close(): void }>(library: Library): Library & Disposable {
  return Object.assign(library, { [Symbol.dispose]: () => library.close() });
}
