/**
 * Exits with 0 if the JSR registry answers from this network, with 1 if not. A page that stands in for it, as
 * networks with a log-in show, is no answer.
 *
 * @module
 */

/** Time for the answer, in ms: long for a registry, short for somebody who waits for the first start. */
const TIMEOUT_MS = 5000;

const registry = Deno.env.get("JSR_URL") ?? "https://jsr.io";
try {
  const answer = await fetch(new URL("/@std/cli/meta.json", registry), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const about: unknown = await answer.json();
  Deno.exit(answer.ok && typeof about === "object" && about !== null && "versions" in about ? 0 : 1);
} catch {
  Deno.exit(1);
}
