/** How the system, or a person elsewhere, asks a program to end. */

/** Ctrl-C, `kill`, the closing of the terminal: those that this system can tell a program of. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls back at each signal that asks the program to end. */
export function onEndSignal(callback: () => void): void {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, callback);
}

/** Calls back, in place of a stack trace, with what nobody caught. */
export function onFailure(callback: (error: unknown) => void): void {
  addEventListener("error", (event) => {
    event.preventDefault();
    callback(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    callback(event.reason);
  });
}
