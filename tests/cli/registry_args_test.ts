import { assert, assertEquals } from "@std/assert";
import { parseRegistryOptions, type RegistrySettings } from "../../lib/cli/registry_args.ts";
import type { UsageProblem } from "../../lib/events/usage_problem.ts";

const DEFAULTS: RegistrySettings = {
  cluster: undefined,
  port: 5000,
  host: undefined,
  proxies: undefined,
  limits: {},
  password: { file: undefined, ask: false },
  tls: undefined,
  metrics: undefined,
  panel: undefined,
  control: undefined,
};

const CLUSTER = { tls: false, credentialsFile: undefined, room: "sala", lifePort: 0 };

/** Arguments, split at blanks, and the difference from the defaults. */
const GOOD: readonly (readonly [string, Partial<RegistrySettings>])[] = [
  ["--json", {}],
  ["--port 0", { port: 0 }],
  ["--host 0.0.0.0", { host: "0.0.0.0" }],
  ["--host localhost", { host: "localhost" }],
  ["--host [::1]", { host: "::1" }],
  ["--host :: --port=65535", { host: "::", port: 65_535 }],
  ["--line-limit 1024 --idle-limit 2", { limits: { lineBytes: 1024, idleMs: 2000 } }],
  ["--room-password", { password: { file: undefined, ask: true } }],
  ["--room-password-file secret.txt", { password: { file: "secret.txt", ask: false } }],
  ["--metrics 9464", { metrics: { host: "127.0.0.1", port: 9464 } }],
  ["--metrics 0.0.0.0:0", { metrics: { host: "0.0.0.0", port: 0 } }],
  ["--metrics [::1]:9464", { metrics: { host: "::1", port: 9464 } }],
  ["--metrics localhost:9464", { metrics: { host: "localhost", port: 9464 } }],
  ["--panel 8080", { panel: { host: "127.0.0.1", port: 8080 } }],
  ["--panel [::]:0", { panel: { host: "::", port: 0 } }],
  ["--tls-cert a.pem --tls-key b.pem", { tls: { cert: "a.pem", key: "b.pem" } }],
  ["--cluster nats://10.0.0.1", { cluster: { ...CLUSTER, servers: ["10.0.0.1:4222"] } }],
  [
    "--cluster nats://a:1,tls://u%40x:p:w@b.c:2,[fd00::1]:3 --cluster-room Campus_2 --cluster-port 5001 --cluster-credentials x.creds",
    {
      cluster: {
        servers: ["a:1", "b.c:2", "[fd00::1]:3"],
        tls: true,
        user: { name: "u@x", password: "p:w" },
        credentialsFile: "x.creds",
        room: "Campus_2",
        lifePort: 5001,
      },
    },
  ],
];

for (const [line, changed] of GOOD) {
  Deno.test(`parseRegistryOptions() reads ${JSON.stringify(line)}`, () => {
    const parsed = parseRegistryOptions(line.split(" "));
    assert("settings" in parsed, JSON.stringify(parsed));
    assertEquals(parsed.settings, { ...DEFAULTS, ...changed });
  });
}

Deno.test("parseRegistryOptions() reads which load balancers to trust", () => {
  const parsed = parseRegistryOptions(["--proxy-protocol", "10.0.0.1,192.0.2.0/24,fd00::/8,::ffff:10.0.0.2"]);
  assert("settings" in parsed && parsed.settings.proxies, JSON.stringify(parsed));
  const { proxies } = parsed.settings;
  const trusted = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.255", "192.0.3.0", "fd00::1", "fe80::1%eth0"];
  assertEquals(trusted.filter((ip) => proxies.has(ip)), ["10.0.0.1", "10.0.0.2", "192.0.2.255", "fd00::1"]);
});

/** Arguments, `XDG_RUNTIME_DIR`, and the path of the local socket and whether it must be there. */
const CONTROL: readonly (readonly [string, string | undefined, RegistrySettings["control"]])[] = [
  ["--quiet", undefined, undefined],
  ["--quiet", "", undefined],
  ["--quiet", "run/user", undefined],
  ["--quiet", "/run/user/7", { path: "/run/user/7/sala/registry-5000.sock", asked: false }],
  ["--port 5001", "/run/user/7/", { path: "/run/user/7/sala/registry-5001.sock", asked: false }],
  ["--port 0", "/run/user/7", undefined],
  ["--port 0 --control a.sock", "/run/user/7", { path: "a.sock", asked: true }],
  ["--control a.sock", undefined, { path: "a.sock", asked: true }],
];

Deno.test("parseRegistryOptions() says where the local socket is", () => {
  for (const [line, runtimeDir, control] of CONTROL) {
    const parsed = parseRegistryOptions(line.split(" "), runtimeDir);
    assert("settings" in parsed, JSON.stringify(parsed));
    assertEquals(parsed.settings.control, control, `${line}, ${runtimeDir}`);
  }
});

Deno.test("parseRegistryOptions() reads commands to a running registry", () => {
  const path = "/run/user/7/sala/registry-5001.sock";
  const read = (line: string) => {
    const { output: _, ...request } = parseRegistryOptions(line.split(" "), "/run/user/7");
    return request as unknown;
  };
  assertEquals(read("list --port 5001"), { command: { command: "list" }, path });
  assertEquals(read("drain --port 5001"), { command: { command: "drain" }, path });
  assertEquals(read("--port 5001 kick joão"), { command: { command: "kick", name: "joão" }, path });
  assertEquals(read("kick -- -x --control"), {
    problem: { kind: "too_many_arguments", argument: "--control" },
  });
  assertEquals(read("kick --control a.sock --json -- -x"), {
    command: { command: "kick", name: "-x" },
    path: "a.sock",
  });
});

const bad = (option: string, value: string): UsageProblem => ({ kind: "bad_value", option, value });

const nobodys = (value: string, kind: "broadcast_address" | "multicast_address"): UsageProblem => (
  { kind: "bad_address", option: "--metrics", value, detail: { kind } }
);

const BAD: readonly (readonly [string, UsageProblem])[] = [
  ["--prot 5000", { kind: "unknown_option", option: "--prot", nearest: "--port" }],
  ["--prot=5000", { kind: "unknown_option", option: "--prot", nearest: "--port" }],
  ["--verbose", { kind: "unknown_option", option: "--verbose" }],
  ["--host=", bad("--host", "")],
  ["--port=", bad("--port", "")],
  ["--port -1", bad("--port", "-1")],
  ["--port 5000 --port 6000", { kind: "repeated", option: "--port" }],
  ["--quiet=no", { kind: "takes_no_value", option: "--quiet" }],
  ["--json=false", { kind: "takes_no_value", option: "--json" }],
  ["--room-password secret", { kind: "takes_no_value", option: "--room-password" }],
  ["--host 127.0.0.1:5000", bad("--host", "127.0.0.1:5000")],
  ["--host [::1]:5000", bad("--host", "[::1]:5000")],
  ["--host http://sala.local", bad("--host", "http://sala.local")],
  ["--host jo\ufffdo", { kind: "not_utf8", argument: "--host" }],
  ["--json joão", { kind: "too_many_arguments", argument: "joão" }],
  ["--cluster http://10.0.0.1:4222", bad("--cluster", "http://10.0.0.1:4222")],
  ["--cluster nats://10.0.0.1:4222,", bad("--cluster", "")],
  ["--cluster nats://user:secret@10.0.0.1:99999", bad("--cluster", "nats://…@10.0.0.1:99999")],
  ["--cluster nats://a --cluster-room a.b", bad("--cluster-room", "a.b")],
  ["--cluster nats://a --cluster-port 70000", bad("--cluster-port", "70000")],
  ["--cluster-room x", { kind: "incomplete", option: "--cluster-room", missing: "--cluster" }],
  ["--cluster-credentials x", { kind: "incomplete", option: "--cluster-credentials", missing: "--cluster" }],
  ["--port 65536", bad("--port", "65536")],
  ["--port", bad("--port", "")],
  ["--host", bad("--host", "")],
  ["--lang fr", bad("--lang", "fr")],
  ["list", { kind: "no_control_path" }],
  ["kick", { kind: "missing_argument", argument: "NAME" }],
  ["kick maria ana", { kind: "too_many_arguments", argument: "ana" }],
  ["list maria", { kind: "too_many_arguments", argument: "maria" }],
  ["list --host 127.0.0.1", { kind: "unknown_option", option: "--host" }],
  ["kick maria --quiet", { kind: "unknown_option", option: "--quiet" }],
  ["kick jo\u0007o", bad("NAME", "jo\u0007o")],
  ["list --port x", bad("--port", "x")],
  ["--control", bad("--control", "")],
  ["--metrics", bad("--metrics", "")],
  ["--metrics 255.255.255.255:9464", nobodys("255.255.255.255", "broadcast_address")],
  ["--metrics 224.0.0.1:9464", nobodys("224.0.0.1", "multicast_address")],
  ["--panel", bad("--panel", "")],
  ["--panel http://localhost:8080", bad("--panel", "http://localhost:8080")],
  ["--panel 65536", bad("--panel", "65536")],
  ["--metrics 65536", bad("--metrics", "65536")],
  ["--metrics ::1:9464", bad("--metrics", "::1:9464")],
  ["--metrics [127.0.0.1]:9464", bad("--metrics", "[127.0.0.1]:9464")],
  ["--metrics http://localhost:9464", bad("--metrics", "http://localhost:9464")],
  ["--metrics localhost:", bad("--metrics", "localhost:")],
  ["--line-limit 1023", { ...bad("--line-limit", "1023"), least: 1024, most: 65_536 } as UsageProblem],
  ["--room-password=secret", { kind: "takes_no_value", option: "--room-password" }],
  ["--room-password-file", bad("--room-password-file", "")],
  ["--tls-key", bad("--tls-key", "")],
  ["--proxy-protocol proxy.example", bad("--proxy-protocol", "proxy.example")],
  ["--proxy-protocol 10.0.0.1,", bad("--proxy-protocol", "10.0.0.1,")],
  ["--proxy-protocol 10.0.0.0/33", bad("--proxy-protocol", "10.0.0.0/33")],
  ["--proxy-protocol fd00::/129", bad("--proxy-protocol", "fd00::/129")],
  ["--proxy-protocol fe80::1%eth0", bad("--proxy-protocol", "fe80::1%eth0")],
  ["--proxy-protocol 10.0.0.1 --tls-cert a.pem --tls-key b.pem", {
    kind: "excludes",
    option: "--proxy-protocol",
    other: "--tls-cert",
  }],
  ["--tls-cert a.pem", { kind: "incomplete", option: "--tls-cert", missing: "--tls-key" }],
  ["--tls-key b.pem", { kind: "incomplete", option: "--tls-key", missing: "--tls-cert" }],
];

for (const [line, problem] of BAD) {
  Deno.test(`parseRegistryOptions() says what is wrong with ${JSON.stringify(line)}`, () => {
    const parsed = parseRegistryOptions(line.split(" "));
    assert("problem" in parsed, JSON.stringify(parsed));
    assertEquals(parsed.problem, problem);
  });
}

Deno.test("parseRegistryOptions() reads the form of the output even if the rest is wrong", () => {
  const { output } = parseRegistryOptions(["--json", "--lang", "en", "--foo", "--quiet", "--show-pings"]);
  assertEquals(output, { lang: "en", json: true, quiet: true, showPings: true });
  for (const args of [["-h"], ["--port", "65536", "--help"]]) assert("help" in parseRegistryOptions(args));
  assert("version" in parseRegistryOptions(["--version", "--foo"]));
});
