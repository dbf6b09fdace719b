/** Signals and failures that end the program. */

/** The signals of Ctrl-C, `kill` and a closed terminal, as far as the system has them. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls back at each signal to end. */
export function onEndSignal(callback: () => void): void {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, callback);
}

/** Calls back with each uncaught exception, instead of a stack trace. */
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
