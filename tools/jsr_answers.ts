/**
 * Exits with 0 if the JSR registry answers from this network, with 1 if not. The log-in page
 * of a network is no answer.
 *
 * @module
 */

/** Milliseconds for the answer: ample for a registry, bearable at the first start. */
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
