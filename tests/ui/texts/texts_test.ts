import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { COMMANDS } from "../../../lib/phone/commands.ts";
import { phoneHelp, registrySentence, sentence } from "../../../lib/ui/sentences.ts";
import type { RegistryTelling, Telling } from "../../../lib/ui/texts/shape.ts";
import { PHONE_TEXTS, REGISTRY_TEXTS } from "../../../lib/ui/texts/texts.ts";
import { EVERY_EVENT, EVERY_REGISTRY_EVENT } from "../every_event.ts";

/** Every text in both languages, and its occasion. */
const SAID: readonly (readonly [when: string, pt: string, en: string])[] = [
  ...EVERY_EVENT.filter((event): event is Telling => event.event !== "message").map((event) => (
    [
      `phone: ${JSON.stringify(event)}`,
      sentence(event, PHONE_TEXTS.pt).text,
      sentence(event, PHONE_TEXTS.en).text,
    ] as const
  )),
  ...EVERY_REGISTRY_EVENT.filter((event): event is RegistryTelling => event.event !== "message").map((
    event,
  ) => (
    [
      `registry: ${JSON.stringify(event)}`,
      registrySentence(event, REGISTRY_TEXTS.pt),
      registrySentence(event, REGISTRY_TEXTS.en),
    ] as const
  )),
  ["phone --help", phoneHelp("pt"), phoneHelp("en")],
  ["registry --help", REGISTRY_TEXTS.pt.help, REGISTRY_TEXTS.en.help],
  ["registry's usage", REGISTRY_TEXTS.pt.usageLine, REGISTRY_TEXTS.en.usageLine],
  ...["prompt", "promptForAnotherName", "askPassword", "speaker", "muted", "inTheClear"].map((key) => (
    [key, PHONE_TEXTS.pt[key as "prompt"], PHONE_TEXTS.en[key as "prompt"]] as const
  )),
  ["code", PHONE_TEXTS.pt.code("04821"), PHONE_TEXTS.en.code("04821")],
  ["quality", PHONE_TEXTS.pt.quality(4.1), PHONE_TEXTS.en.quality(4.1)],
  ["round trip", PHONE_TEXTS.pt.roundTrip(2), PHONE_TEXTS.en.roundTrip(2)],
  ["line too long", PHONE_TEXTS.pt.lineTooLong(1000), PHONE_TEXTS.en.lineTooLong(1000)],
  ...(["in", "out"] as const).flatMap((way) =>
    (["what", "keys"] as const).map((part) =>
      [`ringing ${way}`, PHONE_TEXTS.pt.ringing[way][part], PHONE_TEXTS.en.ringing[way][part]] as const
    )
  ),
];

/** Parts of both languages: options, their values, file names, device names, English commands. */
const SAME = new RegExp(
  [
    /--[a-z-]+(=\S+)?/,
    /“file”|\|file\b|ffmpeg -i \S+ -ar 48000 \S+/,
    /\b(ask\|accept\|reject|ask, accept|reject|accept|tone|silence|none|phone|registry)\b/,
    /\(ask\)/,
    /SALA_\w+|\$?XDG_\w+\S*|SIG[A-Z]+|\bregistry (list|kick|drain)\b|https?:\S+|\/run\/\S+|LANG=\S+|subjectAltName|\S+\.(wav|pem|local|md|so\.2)|\bUSB C-Media\b|\bHDA Intel\b/,
    new RegExp(`\\b(${COMMANDS.map(({ en }) => en).join("|")})\\b`),
  ].map(({ source }) => source).join("|"),
  "g",
);

const words = (text: string): Set<string> =>
  new Set(text.replace(SAME, " ").toLowerCase().match(/\p{L}{2,}/gu) ?? []);

/** Names, words that are the same in both languages, and those of the events above. */
const BOTH = new Set([
  ...COMMANDS.map(({ pt }) => pt),
  ..."hdmi alsa ip ipv tcp udp tls http utf pem openssl pkey nats nsc generate creds jetstream js wav mp pipe mib khz ms db portaudio libportaudio debian ubuntu opus fec json ctrl tab multicast broadcast fe eth proxy haproxy send fd ulimit hn limitnofile systemd kib socket sockets prometheus host drain kick browser"
    .split(" "),
  ..."pt en port no as so do utf use for default local terminal total bytes som".split(" "),
  ..."joão jo maria maría pedro pings oi 美咲 fr xyz ligue campo nome ruim sala campus".split(" "),
]);

/** Common English words, and words of the errors of systems and libraries. */
const ENGLISH = new Set([
  ..."the of and is are was not cannot could this that there with from been its will it to by on or if who what when"
    .split(
      " ",
    ),
  ..."file folder device sound library error failed connection closed refused denied permission found such space left disk"
    .split(" "),
  ..."timed out address unknown missing invalid empty large sample samples rate channels format compressed header stopped"
    .split(" "),
  ..."busy full machine network unreachable already answer name password room certificate key expired value argument"
    .split(" "),
]);

Deno.test("every text is different in the two languages", () => {
  for (const [when, pt, en] of SAID) assertNotEquals(pt, en, when);
});

Deno.test("no common English word is in a Portuguese text", () => {
  for (const [when, pt] of SAID) {
    const english = [...words(pt)].filter((word) => ENGLISH.has(word));
    assertEquals(english, [], `${when}: ${pt}`);
  }
});

Deno.test("no word of an English text is in the Portuguese one, except names and words of both languages", () => {
  for (const [when, pt, en] of SAID) {
    const english = words(en);
    const both = [...words(pt)].filter((word) => english.has(word) && !BOTH.has(word));
    assertEquals(both, [], `${when}: ${pt} / ${en}`);
  }
});

Deno.test("no text has a hole or a value that is no text", () => {
  for (const [when, ...said] of SAID) {
    for (const text of said) {
      assert(!/undefined|NaN|null|\[object|\$\{|\(\)| {2}\p{L}+ {2}$/u.test(text), `${when}: ${text}`);
    }
  }
});
