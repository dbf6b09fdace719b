import { assert, assertEquals } from "@std/assert";
import type { UsageProblem } from "../../lib/events/usage_problem.ts";
import { parsePhoneOptions } from "../../lib/cli/phone_args.ts";
import type { PhoneOptions } from "../../lib/phone/options.ts";

const DEFAULTS: PhoneOptions = {
  registries: [{ host: "host", port: 5000 }],
  name: "maria",
  port: 6000,
  wait: false,
  call: undefined,
  answer: "ask",
  ring: "tone",
  hangUpAfter: undefined,
  ip: undefined,
  encryption: "preferred",
  logKeys: undefined,
  shareTrace: true,
  voice: {
    frameMs: 20,
    errorCorrection: true,
    redundancy: true,
    stretching: true,
    echoCancel: true,
    noiseReduction: true,
    gain: true,
  },
};

function at(host: string, port = 5000): PhoneOptions["registries"] {
  return [{ host, port }];
}

/** Arguments, split at blanks, and the difference from the defaults. */
const GOOD: readonly (readonly [string, Partial<PhoneOptions>])[] = [
  ["host maria", {}],
  ["192.168.0.10 maria 6050", { registries: at("192.168.0.10"), port: 6050 }],
  ["host:5001 maria 0", { registries: at("host", 5001), port: 0 }],
  ["sala.example maria", { registries: at("sala.example") }],
  ["[2001:db8::1]:5001 maria", { registries: at("2001:db8::1", 5001) }],
  ["[::1] maria", { registries: at("::1") }],
  ["::1 maria", { registries: at("::1") }],
  ["192.168.0.10,sala.example:5001,[::1]:5002,::1 maria", {
    registries: [
      ...at("192.168.0.10"),
      ...at("sala.example", 5001),
      ...at("::1", 5002),
      ...at("::1"),
    ],
  }],
  [`${Array(16).fill("host").join()} maria`, { registries: Array(16).fill(at("host")).flat() }],
  ["2001:db8::5000 maria", { registries: at("2001:db8::5000") }],
  ["host 007", { name: "007" }],
  ["host 1e3 65535", { name: "1e3", port: 65535 }],
  ["host joa\u0303o", { name: "joão" }],
  ["host maria --call joa\u0303o", { call: "joão" }],
  ["--call 7 host maria", { call: "7" }],
  ["host maria --answer accept", { answer: "accept" }],
  ["host maria --answer=reject", { answer: "reject" }],
  ["host maria --frame 10 --no-fec", { voice: { ...DEFAULTS.voice, frameMs: 10, errorCorrection: false } }],
  ["host maria --no-redundancy --no-stretch", {
    voice: { ...DEFAULTS.voice, redundancy: false, stretching: false },
  }],
  ["host maria --no-echo-cancel --no-noise-reduction --no-gain", {
    voice: { ...DEFAULTS.voice, echoCancel: false, noiseReduction: false, gain: false },
  }],
  ["host maria --hang-up-after 20", { hangUpAfter: 20 }],
  ["host --hang-up-after 2.5 maria", { hangUpAfter: 2.5 }],
  ["host maria --hang-up-after file --mic a.wav", { hangUpAfter: "file" }],
  ["host maria --ip 192.0.2.7", { ip: "192.0.2.7" }],
  ["host maria --ip 2001:DB8:0::1", { ip: "2001:db8::1" }],
  ["host maria --ip ::ffff:192.0.2.7", { ip: "192.0.2.7" }],
  ["host maria --ip 127.0.0.1", { ip: "127.0.0.1" }],
  ["fe80::1%eth0 maria", { registries: at("fe80::1%eth0") }],
  ["host maria --no-encryption", { encryption: "off" }],
  ["host maria --require-encryption", { encryption: "required" }],
  ["host maria --no-trace-sharing", { shareTrace: false }],
  ["host maria --log-keys keys.txt", { logKeys: "keys.txt" }],
  ["host maria -- 6050", { port: 6050 }],
  ["--json host maria --quiet", {}],
  ["host maria --wait", { wait: true }],
  ["--json --quiet --json host maria", {}],
  ["host -- -ana", { name: "-ana" }],
];

for (const [line, changed] of GOOD) {
  Deno.test(`parsePhoneOptions() reads ${JSON.stringify(line)}`, () => {
    const parsed = parsePhoneOptions(line.split(" "));
    assert("options" in parsed, JSON.stringify(parsed));
    assertEquals(parsed.options, { ...DEFAULTS, ...changed });
  });
}

Deno.test("parsePhoneOptions() trims a name with blanks in it", () => {
  const parsed = parsePhoneOptions(["host", " Zé Carlos ", "6050"]);
  assert("options" in parsed);
  assertEquals(parsed.options.name, "Zé Carlos");
});

const bad = (option: string, value: string): UsageProblem => ({ kind: "bad_value", option, value });
const WITHOUT_FILE: UsageProblem = {
  kind: "incomplete",
  option: "--hang-up-after file",
  missing: "--mic FILE.wav",
};

const BAD: readonly (readonly [string, UsageProblem])[] = [
  ["", { kind: "missing_argument", argument: "REGISTRY" }],
  ["host", { kind: "missing_argument", argument: "NAME" }],
  ["host,,other maria", bad("REGISTRY", "host,,other")],
  ["host, maria", bad("REGISTRY", "host,")],
  ["host,other:99999 maria", bad("REGISTRY", "other:99999")],
  [`${Array(17).fill("host").join()} maria`, bad("REGISTRY", Array(17).fill("host").join())],
  ["host maria 6000 more", { kind: "too_many_arguments", argument: "more" }],
  ["host maria --foo", { kind: "unknown_option", option: "--foo" }],
  ["host maria --foo=bar", { kind: "unknown_option", option: "--foo" }],
  ["host maria --no-json", { kind: "unknown_option", option: "--no-json" }],
  ["host maria -x", { kind: "unknown_option", option: "-x" }],
  ["host maria --hang-up-after -5", bad("--hang-up-after", "-5")],
  ["host maria -5", bad("PORT", "-5")],
  ...["--no-encryption=false", "--no-encryption=no", "--quiet=no", "--quiet=true", "--json=", "--tls=1"].map(
    (arg) => [`host maria ${arg}`, { kind: "takes_no_value", option: arg.replace(/=.*/, "") }] as const,
  ),
  ["host maria --help=no", { kind: "takes_no_value", option: "--help" }],
  ["host maria --encryption", { kind: "unknown_option", option: "--encryption", nearest: "--no-encryption" }],
  ["host maria --opção=x", { kind: "unknown_option", option: "--opção" }],
  ["host maria --room-password-fil=x", {
    ...{ kind: "unknown_option", option: "--room-password-fil", nearest: "--room-password-file" } as const,
  }],
  ["host maria --room-passwordabc", { kind: "takes_no_value", option: "--room-password" }],
  ["host maria --quie", { kind: "unknown_option", option: "--quie", nearest: "--quiet" }],
  ["host maria --require", { kind: "unknown_option", option: "--require", nearest: "--require-encryption" }],
  ["host maria --awnser accept", { kind: "unknown_option", option: "--awnser", nearest: "--answer" }],
  ["host maria –quiet", { kind: "unknown_option", option: "–quiet", nearest: "--quiet" }],
  ["host maria -quiet", { kind: "unknown_option", option: "-q", nearest: "--quiet" }],
  ["host maria --call ana --call bia", { kind: "repeated", option: "--call" }],
  ["host maria --mic=3 --mic 4", { kind: "repeated", option: "--mic" }],
  ["host jo\ufffdo", { kind: "not_utf8", argument: "jo\ufffdo" }],
  ["host maria --call jo\ufffdo", { kind: "not_utf8", argument: "--call" }],
  ["host maria --mic=voz\ufffd.wav", { kind: "not_utf8", argument: "--mic" }],
  ["host maria --frame=", bad("--frame", "")],
  ["host maria --call=", bad("--call", "")],
  ["host maria -- 6000 --json", { kind: "too_many_arguments", argument: "--json" }],
  ["host: maria", bad("REGISTRY", "host:")],
  ["host:0 maria", bad("REGISTRY", "host:0")],
  ["host:65536 maria", bad("REGISTRY", "host:65536")],
  ["host:http maria", bad("REGISTRY", "host:http")],
  ["http://host maria", bad("REGISTRY", "http://host")],
  [":5000 maria", bad("REGISTRY", ":5000")],
  ["[::1 maria", bad("REGISTRY", "[::1")],
  ["[host]:5000 maria", bad("REGISTRY", "[host]:5000")],
  ["[]:5000 maria", bad("REGISTRY", "[]:5000")],
  ["1:2:3 maria", bad("REGISTRY", "1:2:3")],
  ["host " + "x".repeat(33), bad("NAME", "x".repeat(33))],
  ["host \u202ex", bad("NAME", "\u202ex")],
  ["host maria 65536", bad("PORT", "65536")],
  ["host maria 6000.5", bad("PORT", "6000.5")],
  ["host maria abc", bad("PORT", "abc")],
  ["host maria 0x10", bad("PORT", "0x10")],
  ["host maria --call", bad("--call", "")],
  ["host maria --call --json", bad("--call", "")],
  ["host maria --answer yes", bad("--answer", "yes")],
  ["host maria --answer", bad("--answer", "")],
  ["host maria --frame 15", bad("--frame", "15")],
  ["host maria --no-quiet", { kind: "unknown_option", option: "--no-quiet", nearest: "--quiet" }],
  ["host maria --hang-up-after 0", bad("--hang-up-after", "0")],
  ["host maria --hang-up-after soon", bad("--hang-up-after", "soon")],
  ["host maria --hang-up-after file", WITHOUT_FILE],
  ["host maria --hang-up-after file --mic tone", WITHOUT_FILE],
  ["host maria --hang-up-after file --mic usb --speaker a.wav", WITHOUT_FILE],
  ["host maria --hang-up-after=-5", bad("--hang-up-after", "-5")],
  ["host maria --hang-up-after 1e9", bad("--hang-up-after", "1e9")],
  ["host maria --hang-up-after 9999999", bad("--hang-up-after", "9999999")],
  ["host maria --mic", bad("--mic", "")],
  ["host maria --speaker", bad("--speaker", "")],
  ["host maria --no-encryption --require-encryption", bad("--require-encryption", "--no-encryption")],
  ["host maria --log-keys", bad("--log-keys", "")],
  ["host maria --ip sala.example", bad("--ip", "sala.example")],
  ["host maria --ip fe80::1%eth0", bad("--ip", "fe80::1%eth0")],
  ["host maria --lang fr", bad("--lang", "fr")],
  ["--devices --lang", bad("--lang", "")],
];

for (const [line, problem] of BAD) {
  Deno.test(`parsePhoneOptions() says what is wrong with ${JSON.stringify(line)}`, () => {
    const parsed = parsePhoneOptions(line === "" ? [] : line.split(" "));
    assert("problem" in parsed, JSON.stringify(parsed));
    assertEquals(parsed.problem, problem);
  });
}

Deno.test("parsePhoneOptions() reads devices, numbers as text", () => {
  const parsed = parsePhoneOptions(["host", "maria", "--mic", "3", "--speaker=voz da maria.wav"]);
  assert("sound" in parsed);
  assertEquals(parsed.sound, { microphone: "3", speaker: "voz da maria.wav" });
});

Deno.test("parsePhoneOptions() needs no registry and no name with --devices", () => {
  for (const args of [["--devices"], ["host", "maria", "--devices"]]) {
    assertEquals(parsePhoneOptions(args), {
      output: { lang: undefined, json: false, quiet: false, showPings: false, plain: false },
      devices: true,
    });
  }
});

Deno.test("parsePhoneOptions() needs nothing with --help", () => {
  for (const args of [["--help"], ["-h"], ["host", "--help", "--foo"]]) {
    assert("help" in parsePhoneOptions(args));
  }
});

Deno.test("parsePhoneOptions() reads the form of the output even if the rest is wrong", () => {
  const { output } = parsePhoneOptions([
    "--json",
    "--lang",
    "en",
    "--foo",
    "--quiet",
    "--plain",
    "--show-pings",
  ]);
  assertEquals(output, { lang: "en", json: true, quiet: true, showPings: true, plain: true });
});

/** Command lines with an address of nobody, and what is wrong with it. */
const ADDRESSES: readonly (readonly [line: string, option: string, value: string, kind: string])[] = [
  ...([
    ["0.0.0.0", "unspecified_address"],
    ["::", "unspecified_address"],
    ["::ffff:0.0.0.0", "unspecified_address"],
    ["239.1.2.3", "multicast_address"],
    ["ff02::1", "multicast_address"],
    ["255.255.255.255", "broadcast_address"],
    ["250.1.2.3", "reserved_address"],
  ] as const).flatMap(([ip, kind]) => [
    [`host maria --ip ${ip}`, "--ip", ip, kind] as const,
    [`${ip} maria`, "REGISTRY", ip, kind] as const,
  ]),
  ["0.0.0.0:5000 maria", "REGISTRY", "0.0.0.0", "unspecified_address"],
  ["[::]:5000 maria", "REGISTRY", "::", "unspecified_address"],
  ["fe80::1 maria", "REGISTRY", "fe80::1", "no_zone"],
  ["[ff02::1%eth0] maria", "REGISTRY", "ff02::1%eth0", "multicast_address"],
  ["host,0.0.0.0:5000 maria", "REGISTRY", "0.0.0.0", "unspecified_address"],
];

for (const [line, option, value, kind] of ADDRESSES) {
  Deno.test(`parsePhoneOptions() refuses the address of ${JSON.stringify(line)}`, () => {
    const parsed = parsePhoneOptions(line.split(" "));
    const problem = { kind: "bad_address", option, value, detail: { kind } } as UsageProblem;
    assertEquals("problem" in parsed && parsed.problem, problem);
  });
}

Deno.test("parsePhoneOptions() refuses a link where the address is none of a link", () => {
  const refused = parsePhoneOptions(["[2001:db8::1%eth0]:5001", "maria"]);
  assertEquals("problem" in refused && refused.problem.kind, "bad_value");
  for (const registry of ["[fe80::1%eth0]:5001", "fe80::1%2", "[2001:db8::1%2]"]) {
    assert("options" in parsePhoneOptions([registry, "maria"]), registry);
  }
});

Deno.test("parsePhoneOptions() shows the version, whatever else there is, and the help before it", () => {
  for (const args of [["--version"], ["host", "--version", "--foo"]]) {
    assert("version" in parsePhoneOptions(args));
  }
  assert("help" in parsePhoneOptions(["--version", "--help"]));
  assert("options" in parsePhoneOptions(["host", "maria", "--", "0"]));
  assert("problem" in parsePhoneOptions(["host", "maria", "--", "--help"]));
});

/** Command lines with a password where none belongs. */
const EXPOSED = [
  "host maria --room-password=segredo",
  "host maria --room-password segredo",
  "host maria --room-password segredo 6000",
  "--room-password segredo host maria",
  "host maria 6000 --room-password segredo",
  "host maria --room-password:segredo",
  "host maria --room-passwordsegredo",
  "host maria --senha/segredo",
  "host maria --roompasswordsegredo",
  "host maria --passwordsegredo",
  "host maria --password=segredo",
  "host maria --password segredo",
  "host maria --roompassword segredo",
  "host maria -psegredo",
  "host maria --room-password segr\ufffdedo",
];

for (const line of EXPOSED) {
  Deno.test(`parsePhoneOptions() does not repeat the password of ${JSON.stringify(line)}`, () => {
    const parsed = parsePhoneOptions(line.split(" "));
    assert("problem" in parsed, JSON.stringify(parsed));
    assert(!JSON.stringify(parsed.problem).includes("segr"), JSON.stringify(parsed.problem));
  });
}

Deno.test("parsePhoneOptions() reads a page's port, if a number follows", () => {
  const web = (line: string) => {
    const request = parsePhoneOptions(line.split(" "));
    return "options" in request ? [request.web, request.options.name] : request;
  };
  assertEquals(web("host maria"), [undefined, "maria"]);
  assertEquals(web("host maria --web"), [{ port: 0, open: true, frameMs: 10 }, "maria"]);
  assertEquals(web("host maria --web 8123 --no-open"), [{ port: 8123, open: false, frameMs: 10 }, "maria"]);
  assertEquals(web("host maria --web --frame 20"), [{ port: 0, open: true, frameMs: 20 }, "maria"]);
  assertEquals(web("host maria --web=8123"), [{ port: 8123, open: true, frameMs: 10 }, "maria"]);
  assertEquals(web("--web host maria"), [{ port: 0, open: true, frameMs: 10 }, "maria"]);
  assertEquals(web("host --web -- 007"), [{ port: 0, open: true, frameMs: 10 }, "007"]);
  assertEquals(web("host maria --web --mic browser --speaker browser"), [
    { port: 0, open: true, frameMs: 10 },
    "maria",
  ]);
});

Deno.test("parsePhoneOptions() refuses a browser's sound without a page, and what is no port", () => {
  const problem = (line: string) => {
    const request = parsePhoneOptions(line.split(" "));
    return "problem" in request ? request.problem : undefined;
  };
  for (const option of ["--mic browser", "--speaker browser"]) {
    assertEquals(problem(`host maria ${option}`), { kind: "incomplete", option, missing: "--web" });
  }
  assertEquals(problem("host maria --no-open"), {
    kind: "incomplete",
    option: "--no-open",
    missing: "--web",
  });
  assertEquals(problem("host maria --web 70000"), { kind: "bad_value", option: "--web", value: "70000" });
  assertEquals(problem("host maria --web=x"), { kind: "bad_value", option: "--web", value: "x" });
  assertEquals(problem("host maria --web="), { kind: "bad_value", option: "--web", value: "" });
  assertEquals(problem("host maria --web 1 --web 2"), { kind: "repeated", option: "--web" });
});
