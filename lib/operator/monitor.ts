/** `--metrics`: what programs that watch a registry may read. */

import { HttpResponder } from "./http_responder.ts";
import type { Exposition, MetricsSource } from "./metrics.ts";

/**
 * Answers `/metrics`, `/healthz` (this process runs) and `/readyz` (phones may come; otherwise 503 and the reason).
 *
 * @param port 0 for any free one.
 * @throws What `Deno.listen` throws.
 */
export function openMonitor(
  host: string,
  port: number,
  exposition: Exposition,
  source: Pick<MetricsSource, "notReady">,
): HttpResponder {
  return new HttpResponder(host, port, {
    "/metrics": async () => ({ status: 200, body: await exposition.text(), type: exposition.type }),
    "/healthz": () => ({ status: 200, body: "ok\n" }),
    "/readyz": () => {
      const reason = source.notReady();
      return reason === undefined ? { status: 200, body: "ok\n" } : { status: 503, body: `${reason}\n` };
    },
  });
}
