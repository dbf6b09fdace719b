/** The modes of the terminal on standard input: keys one by one without echo, and back. */

import { linuxLibrary } from "../util/native_library.ts";

const STDIN = 0;

/** `TCSANOW` of termios.h: does not wait for output. */
const NOW = 0;

/** More bytes than a `struct termios` of termios.h has. */
const TERMIOS_BYTES = 256;

/** Changes the modes of the terminal. */
export interface TerminalModes {
  /** Keys arrive one by one without echo. Except on Windows, Ctrl-C and Ctrl-Z still send signals. */
  setRaw(): void;
  /** Makes the terminal as it was. Does nothing if it has gone. */
  restore(): void;
}

/**
 * The modes of the terminal on standard input, which must be as they are to be restored.
 *
 * `Deno.stdin.setRaw` waits until all output is written (`TCSADRAIN`), so in a terminal that takes no more it never returns.
 * On Linux the C library restores the modes without waiting, if the program may load it now.
 */
export function terminalModes(): TerminalModes {
  const libc = linuxLibrary(["libc.so.6"], {
    tcgetattr: { parameters: ["i32", "buffer"], result: "i32" }, // int tcgetattr(int, struct termios *)
    tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" }, // int tcsetattr(int, int, const struct termios *)
  })?.symbols;
  const original = new Uint8Array(TERMIOS_BYTES);
  const known = libc?.tcgetattr(STDIN, original) === 0;
  return {
    setRaw: () => Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" }),
    restore() {
      if (libc && known) {
        libc.tcsetattr(STDIN, NOW, original);
        return;
      }
      try {
        Deno.stdin.setRaw(false);
      } catch {
        // The terminal has gone.
      }
    },
  };
}
