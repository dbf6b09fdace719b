/** The registry's texts in English. */

import { formatEndpoint } from "../../protocol/address.ts";
import type { PersonFields } from "../../events/fields.ts";
import { endpointList, ofBothVersions, peopleTable, phoneLines } from "./phrases.ts";
import type { RegistryTexts } from "./shape.ts";
import { causeEn, numberEn, usageEn } from "./shared_en.ts";
import { fromTable } from "./table.ts";

const USAGE = usageEn(
  new Map([
    ["", "Port and address are options, such as --port 5000 or --host 192.168.0.10."],
    ["--port", "Use a number from 0 to 65535; 0 is any free port."],
    ["missing NAME", "Use, for example, registry kick maria."],
    ["NAME", "Use the name of a person in the room, as “registry list” shows it."],
    ["--metrics", "Use a port, or an address and a port, such as 9464 or [::1]:9464."],
    ["--panel", "Use a port, or an address and a port, such as 8080 or 0.0.0.0:8080."],
    ["--cluster", "Use the addresses of NATS servers, such as nats://10.0.0.1:4222,nats://10.0.0.2:4222."],
    ["--cluster-room", "Use 1 to 32 letters from A to Z, digits, - and _."],
    ["--cluster-port", "Use a number from 0 to 65535; 0 is any free port."],
    ["--host", "Use an address of this machine; 0.0.0.0 is all of IPv4; without --host, IPv4 and IPv6."],
    [
      "--proxy-protocol",
      "Use the addresses of the load balancers, such as 10.0.0.1 or 10.0.0.0/8,fd00::/8; TLS with the phones is then the balancer's.",
    ],
  ]),
);

const LINE_PROBLEMS = {
  too_long: "too long",
  not_utf8: "not in UTF-8",
  invalid: "no request of the protocol",
} as const;

const NAME_PROBLEMS = {
  in_use: "name already in use",
  invalid: "name that nobody can have",
  withheld: "name of somebody whom the operator has just removed",
  undecided: "name that cannot be decided now",
} as const;

/** Events of the same kind that were left out before. */
const more = (omitted: number): string =>
  omitted === 0 ? "" : ` (and ${numberEn(omitted)} more like it before)`;

const who = (person: PersonFields): string => `${person.name} (${formatEndpoint(person)})`;

/** The registry's texts in English. */
export const REGISTRY_EN: RegistryTexts = {
  events: {
    output_failed: ({ detail }) =>
      `the output cannot be written: ${
        causeEn(detail)
      }; the room stays open, and writing is tried again every second`,
    left_out: ({ lines }) => `… ${lines} lines left out: the output cannot keep up with the room`,
    log_limited: ({ ip, addresses, lines }) => {
      const from = ip ?? (addresses === 1 ? "1 other address" : `${numberEn(addresses)} other addresses`);
      return `… ${numberEn(lines)} ${lines === 1 ? "line" : "lines"} of ${from} left out, beyond --log-limit`;
    },
    version: ({ program, version }) => `Sala, ${program}, version ${version}`,
    listening: ({ hosts, port, version, ...shown }) => {
      const open = `room open at ${endpointList(hosts, port, "and")} (Ctrl-C closes it), Sala ${version}`;
      const lines = phoneLines({ port, ...shown }, "NAME");
      if (lines === "") {
        return `${open}\nonly phones of this machine reach it; for others, use another --host`;
      }
      const how = ofBothVersions(shown.addresses) ? " (all over IPv4 or all over IPv6)" : "";
      return `${open}\nphones join with${how}:\n${lines}`;
    },
    metrics_open: ({ host, port }) => {
      const at = `http://${formatEndpoint({ ip: host, port })}`;
      return `metrics at ${at}/metrics, state at ${at}/healthz and ${at}/readyz`;
    },
    panel_open: ({ url, shared }) =>
      shared
        ? `the room on the wall: ${url}`
        : `the room on the wall, for this machine only: ${url} (for others: --panel 0.0.0.0:PORT)`,
    control_failed: ({ path, detail }) =>
      `commands such as “registry list” cannot reach this registry at ${path}: ${causeEn(detail)}`,
    no_registry: ({ path, detail }) =>
      `no registry answers at ${path}: ${
        causeEn(detail)
      }; --port or --control say which one, and only its own user may ask it`,
    draining: ({ connections }) =>
      `no more phones are taken, and the connections (${
        numberEn(connections)
      }) are being closed: their phones go to another registry, if they know one`,
    drained: ({ connections }) =>
      `the registry takes no more phones and has closed its connections (${
        numberEn(connections)
      }); it runs until it is told to end`,
    certificate_renewed: "phones that connect from now on get the certificate that is in the file now",
    certificate_kept: ({ detail }) => `the new certificate is not used, the old one is: ${causeEn(detail)}`,
    password_renewed:
      "whoever registers from now on needs the password that is in the file now; the people in the room stay",
    password_kept: ({ detail }) => `the room's password stays as it is: ${causeEn(detail)}`,
    unknown_person: ({ name }) => `nobody in the room is called “${name}”`,
    joined: ({ version, ...person }) =>
      `${who(person)} joined the room${version === undefined ? "" : `, Sala ${version}`}`,
    left: ({ reason, ...person }) => ({
      goodbye: `${who(person)} left the room`,
      disconnected: `${who(person)} left the room: the connection ended`,
      silent: `${who(person)} left the room: no sign of life any more`,
      crowded_out: `${who(person)} left the room: it is full, and this address had most places`,
      removed: `${who(person)} left the room: removed by the operator`,
      superseded: `${who(person)} is no longer here: another registry has the name`,
      fenced: `${who(person)} is no longer here: this registry was out of the others' reach for too long`,
    }[reason]),
    table: ({ people, omitted = 0 }) => {
      const count = people.length + omitted;
      const total = count === 1 ? "1 person" : `${numberEn(count)} people`;
      const note = omitted === 0 ? undefined : `… and ${numberEn(omitted)} more before`;
      return `${peopleTable(people, ["name", "IP address", "port"], note)}\n${total} in the room`;
    },
    password_refused: ({ name, peer, omitted }) =>
      `wrong password: “${name}”, from ${formatEndpoint(peer)}, was not let in${more(omitted)}`,
    name_refused: ({ name, reason, peer, omitted }) =>
      `${NAME_PROBLEMS[reason]}: “${name}”, from ${formatEndpoint(peer)}, was not let in${more(omitted)}`,
    malformed_line: ({ problem, text, peer, omitted }) =>
      `line refused from ${formatEndpoint(peer)} (${LINE_PROBLEMS[problem]}): “${text}”${more(omitted)}`,
    cluster_joined: ({ room, registry, registries }) =>
      registries === 1
        ? `this is the only registry of the room “${room}” so far; its number is ${registry}`
        : `this registry joined the room “${room}” of ${registries} registries; its number is ${registry}`,
    cluster_away: ({ seconds }) =>
      `NATS has not answered for ${seconds} s: lookups come from the last copy of the table, which may be out of date, and registrations wait`,
    cluster_back: ({ seconds }) =>
      `NATS answers again, after ${seconds} s; the copy of the table is up to date`,
    other_registry: ({ registry, ip, port, change }) =>
      `the registry ${registry} at ${formatEndpoint({ ip, port })} ${
        {
          joined: "is in the room",
          left: "left the room",
          dead: "is dead: the names that it had are free",
        }[change]
      }`,
    cluster_fenced: ({ people }) =>
      `this registry was out of the others' reach for too long: its phones (${
        numberEn(people)
      }) were disconnected, since their names may be given away at another registry`,
    room_full: ({ connections }) =>
      `the room is full: no more than ${connections} connections at once, so others are refused`,
    room_crowded: ({ connections }) =>
      `all ${connections} places are taken: connections without a name make room first, then phones of the address that has most`,
    few_descriptors: ({ descriptors, connections, wanted }) =>
      `the system allows this program ${descriptors} open files, enough for ${connections} connections; ` +
      `“ulimit -Hn ${wanted}” before the start, as an administrator, or LimitNOFILE=${wanted} of systemd, allows more`,
    address_full: ({ ip, connections }) =>
      `${ip} has ${connections} connections, the most for one address, and more from there are refused`,
    certificate_flawed: ({ detail }) =>
      `phones will refuse the certificate of --tls-cert: ${causeEn(detail)}`,
    foreign_client: ({ ip, protocol }) => ({
      http: `what connected from ${ip} is no phone: it speaks HTTP, as a browser does`,
      tls: `what connected from ${ip} speaks TLS, and this registry does not; phones join without --tls`,
      proxy:
        `what connected from ${ip} speaks the PROXY protocol, as a load balancer does; if it is this room's, use --proxy-protocol ${ip}`,
    }[protocol]),
    proxy_refused: ({ ip, problem }) =>
      `a connection of the load balancer ${ip} was refused: ${
        {
          no_header: "it did not begin with the PROXY protocol; HAProxy needs send-proxy-v2",
          version_1: "it began with version 1 of the PROXY protocol; HAProxy needs send-proxy-v2",
          bad_header: "its header of the PROXY protocol is not that of a TCP connection",
          timeout: "its header of the PROXY protocol did not come in time",
        }[problem]
      }`,
    tls_failed: ({ ip, detail }) => {
      if (detail.kind === "no_tls") {
        return `what connected from ${ip} does not speak TLS; a phone needs --tls`;
      }
      if (detail.kind === "tls_alert") {
        return `the phone at ${ip} did not accept this registry's certificate [${detail.text}]`;
      }
      return `TLS with ${ip} failed: ${causeEn(detail)}`;
    },
    port_in_use: ({ port }) =>
      `port ${port} is in use; end the other program or choose another port with --port`,
    wrong_usage: ({ problem }) => fromTable(USAGE, "kind", problem),
    failed: ({ detail }) => `the room cannot run: ${causeEn(detail)}`,
    closed: "room closed",
  },
  askPassword: "room password: ",
  ladder: { registry: "registry", lost: "lost", transmission: (number) => `transmission ${number}` },
  usageLine:
    "usage: registry [list|kick NAME|drain] [--port 5000] [--host ADDRESS] [--lang pt|en] [--json] [--quiet] [--show-pings] [--help] [--version] [password, cluster, limits and operation]",
  help: `The room: knows who is in it and where, so that phones find each other.

  --port PORT       TCP port to listen on (5000; 0 is any that is free)
  --host ADDRESS    local address or name to listen on (without it, IPv4 and IPv6; 0.0.0.0 is IPv4 only)
  --lang pt|en      language of the screen (the system's; Portuguese unless that is English)
  --json            one event a line in JSON, for programs
  --quiet           leaves out the messages that are sent and received
  --show-pings      also shows pings, and the phones' copies for the panel
  -h, --help        shows this help
  --version         shows the version

Who may come in:
  --room-password-file FILE     the room's password is in the file (SALA_ROOM_PASSWORD does as well)
  --room-password               asks for the room's password, without showing it
  --tls-cert FILE --tls-key FILE
                                certificate and key (PEM): the conversation with the phones is TLS
  --proxy-protocol ADDRESSES    load balancers that say for whom they connect (PROXY protocol, version 2):
                                10.0.0.1 or 10.0.0.0/8, several with commas

Several registries, one room (docs/campus.md):
  --cluster SERVERS             the table is in NATS, as in nats://10.0.0.1:4222,nats://10.0.0.2:4222
  --cluster-credentials FILE    credentials of NATS (.creds)
  --cluster-room NAME           the room of all registries with this name (sala)
  --cluster-port PORT           TCP port at which the other registries see that this one lives (0, any free)

Limits, so that nobody is in the way of the others:
  --line-limit BYTES        the longest line (4096)
  --idle-limit SECONDS      how long a connection has to register a name (30)
  --rate-limit N            requests a second of one connection; what is beyond has to wait (50)
  --log-limit KIB           what one address may make it print a second (64; 0: anything)
  --total-log-limit KIB     what all together may (1024; 0: anything)
  --address-limit N         connections of one address, of IPv6 one /64 (500; of this machine, no limit of its own)
  --connection-limit N      people in the room (10000, or as many as the system allows)

For the operator:
  --panel [HOST:]PORT       shows the room and its messages as a web page (HOST: 127.0.0.1)
  --metrics [HOST:]PORT     metrics for Prometheus and the registry's state, by HTTP (HOST: 127.0.0.1)
  --control PATH            local socket for the commands below ($XDG_RUNTIME_DIR/sala/registry-PORT.sock)
  registry list             prints who is in the room of the registry that runs here
  registry kick NAME        removes that person, who cannot come back for a minute
  registry drain            sends the phones to another registry and takes no more, until it ends
                            these take --port or --control, which say which registry; --json

Ctrl-C closes the room. SIGTERM closes it as drain does, within 5 s. SIGHUP reads the files of certificate, key
and room password again.`,
};
