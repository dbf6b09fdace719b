/** Keeps what sound libraries write to standard error of their own accord from the person's screen. */

/** `O_WRONLY` of fcntl.h, the same on Linux and macOS. */
const WRITE_ONLY = 1;
const STDERR = 2;

const LIBC: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

/**
 * Turns standard error to nothing until the result is disposed of. ALSA and JACK report there every device that they
 * looked for in vain, dozens of lines at each start, PortAudio every step of a stream's failing, and have no common way
 * to be told not to.
 *
 * It is the file descriptor that is turned, so what the program itself writes there is lost, too. Where the C library
 * cannot be reached (Windows, where these libraries do not exist) nothing is done.
 */
export function quietStderr(): Disposable {
  const path = LIBC[Deno.build.os];
  if (!path) return { [Symbol.dispose]() {} };
  let libc;
  try {
    libc = Deno.dlopen(path, {
      dup: { parameters: ["i32"], result: "i32" }, // int dup(int)
      dup2: { parameters: ["i32", "i32"], result: "i32" }, // int dup2(int, int)
      open: { parameters: ["buffer", "i32"], result: "i32" }, // int open(const char *, int, ...)
      close: { parameters: ["i32"], result: "i32" }, // int close(int)
    });
  } catch {
    return { [Symbol.dispose]() {} };
  }
  const { dup, dup2, open, close } = libc.symbols;
  const kept = dup(STDERR);
  const nothing = open(new TextEncoder().encode("/dev/null\0"), WRITE_ONLY);
  if (nothing >= 0) {
    dup2(nothing, STDERR);
    close(nothing);
  }
  return {
    [Symbol.dispose]() {
      if (kept >= 0) {
        dup2(kept, STDERR);
        close(kept);
      }
      libc.close();
    },
  };
}

/** Runs something with standard error turned to nothing. What it throws still arrives. */
export function withQuietStderr<Result>(run: () => Result): Result {
  using _quiet = quietStderr();
  return run();
}

/**
 * Turns ALSA's own reports off for good: it would write to the person's screen at every underrun, which PortAudio
 * has long recovered from. Does nothing where there is no ALSA.
 *
 * ALSA calls its handler from the sound threads, where no JavaScript can run. So the handler is a function of the
 * C library that does nothing and ignores its arguments, `getpid`.
 */
export function quietAlsa(): void {
  if (Deno.build.os !== "linux") return;
  try {
    using libc = disposable(Deno.dlopen("libc.so.6", {
      dlsym: { parameters: ["pointer", "buffer"], result: "pointer" }, // void *dlsym(void *handle, const char *)
    }));
    const harmless = libc.symbols.dlsym(null, new TextEncoder().encode("getpid\0"));
    // Kept open: PortAudio uses the same one, and the handler must stay.
    const alsa = Deno.dlopen("libasound.so.2", {
      // int snd_lib_error_set_handler(snd_lib_error_handler_t handler)
      snd_lib_error_set_handler: { parameters: ["pointer"], result: "i32" },
    });
    if (harmless) alsa.symbols.snd_lib_error_set_handler(harmless);
  } catch {
    // Another C library or no ALSA: then there is nothing to be kept quiet, or no way to.
  }
}

function disposable<Library extends { close(): void }>(library: Library): Library & Disposable {
  return Object.assign(library, { [Symbol.dispose]: () => library.close() });
}
