/** What comes to a registry's operator pages and local socket, and what its operator reads from there. */

import { assert, assertEquals } from "@std/assert";
import { parseAnswer, parseCommand } from "../../../lib/operator/control_messages.ts";
import { isName } from "../../../lib/protocol/name.ts";
import { parseRequestHead } from "../../../lib/web/http_request.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

/** A command, an answer or a request line that was understood is understood again as the same when it is written anew. */
export const operator: FuzzTarget = {
  name: "operator",
  seeds: textSeeds(
    '{"command":"list"}',
    '{"command":"drain"}',
    '{"command":"kick","name":"joão"}',
    '{"answer":"people","people":[{"name":"joão","ip":"192.0.2.1","port":6000}]}',
    '{"answer":"drained","connections":7}',
    "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n",
    "HEAD /readyz?a=b HTTP/1.0\r\n\r\n",
  ),
  tokens: ["command", "answer", "kick", "name", "removed", "unknown_person", "HTTP/1.1\r\n", "GET /", "?"],
  run(input) {
    const text = decoder.decode(input);
    const command = parseCommand(text);
    if (command) assertEquals(parseCommand(JSON.stringify(command)), command);
    if (command?.command === "kick") assert(isName(command.name));
    const answer = parseAnswer(text);
    if (answer) assertEquals(JSON.stringify(parseAnswer(JSON.stringify(answer))), JSON.stringify(answer));
    const head = parseRequestHead(text);
    const request = "status" in head ? undefined : head;
    if (request) {
      const { method, path, query, headers, minorVersion } = request;
      const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const target = query.size > 0 ? `${path}?${query}` : path;
      const again = parseRequestHead(`${method} ${target} HTTP/1.${minorVersion}\r\n${fields}\r\n`);
      assert(!("status" in again));
      assertEquals([again.method, again.path, again.headers], [method, path, headers]);
      assertEquals(`${again.query}`, `${query}`);
      assert(request.path.startsWith("/") && !request.path.includes("?"));
    }
    return { events: 1, came: `${command?.command} ${answer?.answer} ${request?.method.length}` };
  },
};
