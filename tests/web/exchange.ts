/** Requests byte for byte. */

import { writeAll } from "../../lib/util/write_all.ts";

/** Everything that a server sends to these bytes. */
export async function exchange(port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(connection, new TextEncoder().encode(request));
  return await readAll(connection);
}

/** Everything until the end, however that comes. */
export async function readAll(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

/** Everything that a server sends for a page. */
export const get = (port: number, path: string): Promise<string> =>
  exchange(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);

/** The status, and the body. */
export const parts = (response: string): [status: number, body: string | undefined] => {
  const [head = "", body] = response.split("\r\n\r\n");
  return [Number(head.split(" ")[1]), body];
};
