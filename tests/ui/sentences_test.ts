import { NO_VOICE } from "../../lib/voice/voice_session.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/phone/commands.ts";
import { EXIT } from "../../lib/phone/user_agent.ts";
import type { ErrorCode } from "../../lib/protocol/registry_messages.ts";
import type { ConnectFailure } from "../../lib/registration/connect_failure.ts";
import type { PhoneEvent } from "../../lib/events/phone_events.ts";
import { phoneHelp, sentence } from "../../lib/ui/sentences.ts";
import { clock } from "../../lib/ui/texts/phrases.ts";
import type { Telling } from "../../lib/ui/texts/shape.ts";
import { PHONE_TEXTS } from "../../lib/ui/texts/texts.ts";
import { EVERY_EVENT, hostileEvents, UNSAFE } from "./every_event.ts";

const isTelling = (event: PhoneEvent): event is Telling => event.event !== "message";

/** The Portuguese sentence of an event. */
const pt = (event: Telling): string => sentence(event, PHONE_TEXTS.pt).text;

for (const language of ["pt", "en"] as const) {
  Deno.test(`sentence() has something to say about every event in ${language}`, () => {
    for (const event of EVERY_EVENT.filter(isTelling)) {
      const { text } = sentence(event, PHONE_TEXTS[language]);
      assertMatch(text, /^(… \d|[\p{L}“])/u);
      assert(!/undefined|NaN|null|\[object|\$\{/.test(text), `${event.event}: ${text}`);
      for (const line of text.split("\n")) assert(!UNSAFE.test(line), `${event.event}: ${text}`);
    }
  });

  Deno.test(`sentence() says different things about different events in ${language}`, () => {
    const texts = EVERY_EVENT.filter(isTelling).map((event) => sentence(event, PHONE_TEXTS[language]).text);
    assertEquals(texts.filter((text, index) => texts.indexOf(text) !== index), []);
  });

  Deno.test(`sentence() lets no control characters through in ${language}`, () => {
    const lines = (event: Telling): number => sentence(event, PHONE_TEXTS[language]).text.split("\n").length;
    const clean = new Map(
      EVERY_EVENT.filter(isTelling).map((event) => [JSON.stringify(shape(event)), lines(event)]),
    );
    for (const event of hostileEvents(1, 20).filter(isTelling)) {
      const { text } = sentence(event, PHONE_TEXTS[language]);
      for (const line of text.split("\n")) {
        assert(!UNSAFE.test(line), `${event.event}: ${JSON.stringify(text)}`);
      }
      assertEquals(lines(event), clean.get(JSON.stringify(shape(event))), "text from outside makes no lines");
    }
  });
}

/** The part of an event on which the number of lines depends. */
function shape(event: Telling): unknown {
  const many = event.event === "people"
    ? event.people.length
    : event.event === "devices"
    ? event.devices.length
    : 0;
  return [event.event, many];
}

Deno.test("sentence() says the assignment's words when the person called is busy", () => {
  for (
    const [reason, said] of [
      ["ocupado", "já está em outra ligação"],
      ["recusado", "recusou a ligação"],
      ["sem_resposta", "não respondeu"],
      ["sem_cifra", "só aceita chamadas cifradas"],
      [
        "outra_pessoa",
        "já não atende nesse endereço, e sim outra pessoa; tente de novo daqui a pouco",
      ],
    ] as const
  ) {
    const text = pt({ event: "rejected", name: "maria", reason });
    assertEquals(text, `maria ${said} (usuário destino ocupado).`);
  }
});

Deno.test("sentence() says whether a call is encrypted, and its code", () => {
  const started = (code: string | null) =>
    sentence({ event: "call_started", name: "maria", ip: "192.168.0.20", port: 6050, code }, PHONE_TEXTS.pt);
  assertStringIncludes(started("04821").text, "Chamada cifrada; código 04821: leiam-no em voz alta");
  assertEquals(started("04821").tone, "good");
  assertStringIncludes(started(null).text, "Chamada sem cifra: quem tem acesso à rede pode ouvi-la.");
  assertEquals(started(null).tone, "warning");
});

Deno.test("sentence() says causes in the person's language, and the system's own words only where it has no code", () => {
  const unreachable = (detail: ConnectFailure): string =>
    pt({ event: "registry_unreachable", host: "192.168.0.10", port: 5000, detail });
  assertEquals(
    unreachable({ kind: "refused" }),
    "Não foi possível falar com o registro em 192.168.0.10:5000 (conexão recusada). " +
      "Verifique o endereço e se o registro está aberto.",
  );
  assertStringIncludes(unreachable({ kind: "timeout" }), "(tempo esgotado sem resposta)");
  assertStringIncludes(unreachable({ kind: "name_not_resolved" }), "(não há máquina com esse nome)");
  assertStringIncludes(
    unreachable({ kind: "other", text: "Exec format error.\x1b" }),
    "(Exec format error.\\u{1b})",
  );
  assertStringIncludes(unreachable({ kind: "other", text: "Exec format error." }), "(Exec format error)");
  assertStringIncludes(unreachable({ kind: "other", text: "." }), "(causa desconhecida)");
  const failed = pt({
    event: "audio_failed",
    side: "microphone",
    code: "file_failed",
    subject: "voz.wav",
    detail: { kind: "not_found" },
    asked: true,
  });
  assertStringIncludes(failed, "“voz.wav” não pôde ser lido (o arquivo ou a pasta não existe)");
});

Deno.test("sentence() quotes the registry only where its code says little", () => {
  const refused = (reason: ErrorCode): string =>
    pt({ event: "registration_refused", reason, text: "porque sim." });
  assertEquals(
    refused("mensagem_invalida"),
    "O registro não aceitou a entrada: o registro não entendeu o pedido (“porque sim”).",
  );
  assertEquals(
    refused("nao_registrado"),
    "O registro não aceitou a entrada: este telefone não está na sala.",
  );
});

Deno.test("sentence() cuts off what a person typed, but no path of a file", () => {
  assertStringIncludes(
    pt({ event: "unknown_command", text: "😀".repeat(100), similar: [] }),
    `“${"😀".repeat(40)}…”`,
  );
  const problem = {
    kind: "bad_file",
    option: "--ca",
    value: "x".repeat(100),
    detail: { kind: "empty" },
  } as const;
  assertStringIncludes(pt({ event: "wrong_usage", problem }), `“${"x".repeat(100)}” de --ca`);
});

Deno.test("sentence() says that calls go on without sound unless the device was asked for", () => {
  for (const event of EVERY_EVENT) {
    if (event.event !== "audio_failed") continue;
    const { text, tone } = sentence(event, PHONE_TEXTS.pt);
    assertEquals(/As ligações (seguem|continuam),? sem/.test(text), !event.asked);
    assertEquals(tone, event.asked ? "bad" : "warning");
  }
});

Deno.test("sentence() shows people as a table with columns that line up in any script", () => {
  const text = pt({
    event: "people",
    people: [
      { name: "joão", ip: "192.168.0.10", port: 6000 },
      { name: "美咲", ip: "2001:db8::1", port: 60 },
    ],
  });
  assertEquals(text.split("\n"), [
    "Há 2 pessoas na sala:",
    "  nome | endereço IP  | porta",
    "  joão | 192.168.0.10 |  6000",
    "  美咲 | 2001:db8::1  |    60",
  ]);
});

Deno.test("sentence() marks the default devices", () => {
  const event = EVERY_EVENT.find((event) => event.event === "devices" && event.devices.length > 0);
  assert(event?.event === "devices");
  assertEquals(pt(event).split("\n"), [
    "Dispositivos de som:",
    "  nº  nome       sistema  entradas  saídas  padrão",
    "   0  HDA Intel  ALSA            2       0  microfone",
    "  11  default    ALSA           32      32  microfone, alto-falante",
    "  12  HDMI       ALSA            0       8",
  ]);
});

Deno.test("sentence() writes numbers as the language does", () => {
  const event = {
    event: "call_ended",
    name: "maria",
    end: "hung_up",
    ...NO_VOICE,
    seconds: 3723.9,
    framesSent: 186195,
    lossInPercent: 0.25,
    lossOutPercent: 1,
    roundTripMs: 2.04,
    mos: 4.37,
  } as const;
  assertStringIncludes(pt(event), "durou 1:02:03");
  assertStringIncludes(pt(event), "186.195 pacotes enviados");
  assertStringIncludes(pt(event), "perda de 0,3 % na vinda e 1 % na ida");
  assertStringIncludes(sentence(event, PHONE_TEXTS.en).text, "186,195 packets sent");
  assertStringIncludes(sentence(event, PHONE_TEXTS.en).text, "round trip 2 ms; estimated quality 4.4");
});

Deno.test("clock() shows minutes and seconds, and hours from one on", () => {
  for (
    const [seconds, text] of [[0, "00:00"], [0.99, "00:00"], [83.4, "01:23"], [3599.9, "59:59"], [
      3600,
      "1:00:00",
    ], [
      -1,
      "00:00",
    ]] as const
  ) assertEquals(clock(seconds), text);
});

for (const language of ["pt", "en"] as const) {
  Deno.test(`phoneHelp() lists every option, command and exit status in ${language}`, () => {
    const help = phoneHelp(language);
    for (
      const option of [
        ...[
          "--call",
          "--answer",
          "--ring",
          "--hang-up-after",
          "--mic",
          "--speaker",
          "--web",
          "--no-open",
          "--devices",
          "--require-encryption",
          "--no-encryption",
          "--log-keys",
          "--ip",
          "--lang",
          "--json",
          "--no-fec",
          "--no-redundancy",
          "--no-stretch",
        ],
        ...["--quiet", "--show-pings", "--plain", "--wait", "-h, --help", "--version"],
      ]
    ) assertMatch(help, new RegExp(`^  ${option}`, "m"));
    for (const { pt, en } of COMMANDS) {
      assertStringIncludes(help, pt);
      assertStringIncludes(help, en);
    }
    for (const status of Object.values(EXIT)) assertMatch(help, new RegExp(` ${status}  \\p{L}`, "u"));
    for (const line of help.split("\n")) assert(line.length <= 100, `too wide: ${line}`);
  });
}
