/** Keeps ALSA from writing to standard error, also in the middle of a call. */

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
