/** `--metrics`: what programs that watch a registry may read. */

import type { HttpRequest } from "../web/http_request.ts";
import { type HttpResponse, HttpServer } from "../web/http_server.ts";
import type { Exposition, MetricsSource } from "./metrics.ts";

/** Most connections: few programs watch, and each asks seldom. */
const MAX_CONNECTIONS = 16;

type Answer = HttpResponse | Promise<HttpResponse>;

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
): HttpServer {
  const pages = new Map<string, () => Answer>([
    [
      "/metrics",
      async () => ({
        status: 200,
        headers: { "content-type": exposition.type },
        body: await exposition.text(),
      }),
    ],
    ["/healthz", () => ({ status: 200, body: "ok\n" })],
    ["/readyz", () => {
      const reason = source.notReady();
      return reason === undefined ? { status: 200, body: "ok\n" } : { status: 503, body: `${reason}\n` };
    }],
  ]);
  const answer = ({ method, path }: HttpRequest): Answer => {
    const page = pages.get(path);
    if (!page) return { status: 404 };
    return method === "GET" || method === "HEAD" ? page() : { status: 405, headers: { allow: "GET, HEAD" } };
  };
  return new HttpServer(host, port, answer, { maxConnections: MAX_CONNECTIONS });
}
