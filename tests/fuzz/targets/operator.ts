/** What comes to a registry's operator pages and local socket, and what its operator reads from there. */

import { assert, assertEquals } from "@std/assert";
import { parseAnswer, parseCommand } from "../../../lib/operator/control_messages.ts";
import { parseRequestHead } from "../../../lib/operator/http_responder.ts";
import { isName } from "../../../lib/protocol/name.ts";
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
      const host = request.host === undefined ? "" : `Host: ${request.host}\r\n`;
      const version = request.host === undefined ? "1.0" : "1.1";
      const again = parseRequestHead(`${request.method} ${request.path} HTTP/${version}\r\n${host}\r\n`);
      assertEquals(again, request);
      assert(request.path.startsWith("/") && !request.path.includes("?"));
    }
    return { events: 1, came: `${command?.command} ${answer?.answer} ${request?.method.length}` };
  },
};
