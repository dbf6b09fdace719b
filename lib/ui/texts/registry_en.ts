/** What the registry says in English. */

import type { RegistryTexts } from "./registry_pt.ts";

const people = (count: number): string => count === 1 ? "1 person" : `${count} people`;

/** Everything that a registry says to its person. */
export const registryTextsEn: RegistryTexts = {
  listening: (where) => `room open at ${where} (Ctrl-C closes it)`,
  joined: (who) => `${who} joined the room`,
  left: {
    goodbye: (who) => `${who} left the room`,
    disconnected: (who) => `${who} left the room: the connection ended`,
    silent: (who) => `${who} left the room: no sign of life any more`,
  },
  table: {
    name: "name",
    ip: "IP address",
    port: "port",
    total: (count) => `${people(count)} in the room`,
  },
  room_full: (connections) => `the room is full: there are ${connections} connections and more are refused`,
  address_full: (ip, connections) =>
    `${ip} has ${connections} connections, the most for one address, and more from there are refused`,
  askPassword: "room password: ",
  port_in_use: (port) => `port ${port} is in use; end the other program or choose another port with --port`,
  failed: (detail) => `the room cannot run: ${detail}`,
  closed: "room closed",
  left_out: (lines) => `… ${lines} lines left out: the output cannot keep up with the room`,
  usage_problem: (problem) => {
    switch (problem.kind) {
      case "unknown_option":
        return `unknown option: ${problem.option}`;
      case "missing_argument":
        return `missing argument ${problem.argument}`;
      case "too_many_arguments":
        return `unexpected argument: ${problem.argument}`;
      case "bad_value":
        return `bad value for ${problem.option}: "${problem.value}"`;
      case "bad_file":
        return `the file "${problem.value}" of ${problem.option} could not be used: ${problem.detail}`;
      case "no_terminal":
        return `${problem.option} asks at a terminal, and there is none here`;
      case "incomplete":
        return `${problem.option} needs ${problem.missing}`;
    }
  },
  usage:
    "usage: registry [--port 5000] [--host 0.0.0.0] [--lang pt|en] [--json] [--quiet] [--help] [password and limits]",
  help: `The room: knows who is in it and where, so that phones find each other.

  --port PORT       TCP port to listen on (5000; 0 is any that is free)
  --host ADDRESS    local address to listen on (0.0.0.0 is all of IPv4, :: is IPv6 and IPv4)
  --lang pt|en      language of the screen (the system's; Portuguese unless that is English)
  --json            one event a line in JSON, for programs
  --quiet           leaves out the messages that are sent and received
  -h, --help        shows this help

Who may come in:
  --room-password-file FILE     the room's password is in the file (SALA_ROOM_PASSWORD does as well)
  --room-password               asks for the room's password, without showing it
  --tls-cert FILE --tls-key FILE
                                certificate and key (PEM): the conversation with the phones is TLS

Limits, so that nobody is in the way of the others:
  --line-limit BYTES        the longest line (4096)
  --idle-limit SECONDS      how long a connection without a name may say nothing (30)
  --rate-limit N            requests a second of one connection; what is beyond has to wait (50)
  --address-limit N         connections of one address (500; of this machine, no limit of its own)
  --connection-limit N      connections in all (10000, or as many as the system allows)

Ctrl-C closes the room.`,
};
